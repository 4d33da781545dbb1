# What ties a call to the call it was made for.
link-id = { $value }
link-context = { $key } = { $value }
link-request = requestID { $id }
link-principal = same principal { $principal }
link-session = same session { $session }
link-key = KMS key { $key }
link-usual-key = KMS key { $key } belongs to what this call used
link-time = { $seconds } s apart, same account and service
link-issued-key = accessKeyId { $key } issued by this call
link-issued-session = session { $session } began with this call
