# 呼び出しと、その元になった呼び出しを結びつけるもの。
tied-by-id = { $value }
tied-by-context = { $key } = { $value }
tied-by-request = requestID { $id }
tied-by-principal = 同じプリンシパル { $principal }
tied-by-session = 同じセッション { $session }
tied-by-key = KMS キー { $key }
tied-by-usual-key = KMS キー { $key } は、この呼び出しが使ったものに属する
tied-by-time = { $seconds } 秒差、同じアカウントとサービス
tied-by-issued-key = accessKeyId { $key } はこの呼び出しが発行したもの
tied-by-issued-session = セッション { $session } はこの呼び出しで始まった
tied-by-role = 開始されたものはロール { $role } で動作
tied-by-usual-lag = この種の呼び出しのたびに { $seconds } 秒後にこのロールを引き受けている
tied-by-sign-in = 同じサインインセッション
tied-by-preparation = { $call } で準備されたものを実行
