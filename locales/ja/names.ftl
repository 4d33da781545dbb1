# プログラム全体で共有する用語と、列挙・時間の言い方。

layer-named = レイヤー: { $layer }
layer-identity-policy = アイデンティティベースのポリシー
layer-permissions-boundary = 許可の境界
layer-session-policy = セッションポリシー
layer-resource-policy = リソースベースのポリシー
layer-key-policy = キーポリシー
layer-bucket-policy = バケットポリシー
layer-queue-policy = キューポリシー
layer-topic-policy = トピックポリシー
layer-role-trust-policy = ロールの信頼ポリシー
layer-scp = サービスコントロールポリシー (SCP)
layer-rcp = リソースコントロールポリシー (RCP)
layer-vpc-endpoint-policy = VPC エンドポイントポリシー
layer-kms-grant = KMS のグラント
layer-kms-key-state = KMS キーの状態
layer-block-public-access = S3 ブロックパブリックアクセス
layer-unknown = 不明なレイヤー

effect-explicit-deny = 明示的な拒否
effect-implicit-deny = 暗黙的な拒否
effect-not-applicable = ポリシーによる判定ではない
effect-unknown = 不明

outcome-success = 成功
outcome-denied = 拒否
outcome-error = 失敗
outcome-unknown = 記録なし

caller-direct = プリンシパル自身
caller-forward-access-session = 呼び出し元の権限によるサービスの呼び出し (転送アクセスセッション)
caller-service-principal = サービス自身 (サービスプリンシパル)
caller-service-linked-role = サービスにリンクされたロール
caller-service-role = サービスロール
caller-ec2-infrastructure = インスタンスのための EC2 の呼び出し (aws:ec2-infrastructure)
caller-agent = プリンシパルのためのアシスタント (AWS MCP サーバー)

list-next = { $before }、{ $after }
list-last = { $before }、{ $after }
sentence-next = { $before }{ $after }

duration-days = { $days } 日{ $hours ->
    [0] {""}
   *[other] {" "}{ $hours } 時間
}

duration-hours = { $hours } 時間{ $minutes ->
    [0] {""}
   *[other] {" "}{ $minutes } 分
}

duration-minutes = { $minutes } 分{ $seconds ->
    [0] {""}
   *[other] {" "}{ $seconds } 秒
}

duration-seconds = { $seconds } 秒
