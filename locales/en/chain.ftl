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
tied-by-role = what was started runs with the role { $role }
tied-by-usual-lag = such work takes on this role { $seconds } s after each such call
tied-by-sign-in = same sign-in session
tied-by-preparation = carries out what { $call } prepared
