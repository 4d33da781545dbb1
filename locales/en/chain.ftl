# What ties a call to the call it was made for.
tied-by-id = { $value }
tied-by-context = { $key } = { $value }
tied-by-request = requestID { $id }
tied-by-principal = same principal { $principal }
tied-by-session = same session { $session }
tied-by-key = KMS key { $key }
tied-by-usual-key = KMS key { $key } belongs to what this call used
tied-by-time = { $seconds } s apart, same account and service
tied-by-issued-key = accessKeyId { $key } issued by this call
tied-by-issued-session = session { $session } began with this call
