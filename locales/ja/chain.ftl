# 呼び出しと、その元になった呼び出しを結びつけるもの。
link-id = { $value }
link-context = { $key } = { $value }
link-request = requestID { $id }
link-principal = 同じプリンシパル { $principal }
link-session = 同じセッション { $session }
link-key = KMS キー { $key }
link-usual-key = KMS キー { $key } は、この呼び出しが使ったものに属する
link-time = { $seconds } 秒差、同じアカウントとサービス
link-issued-key = accessKeyId { $key } はこの呼び出しが発行したもの
link-issued-session = セッション { $session } はこの呼び出しで始まった
