# `trailwhy help kinds`、`help layers`、`help certainty`。

help-kinds = 種類は、失敗がどのように現れたかを表します。気付かれにくいものから順に並べています:
help-layers = レイヤーは、呼び出しの可否を AWS が判断する場所です。1 つでも拒否すれば呼び出しは通りません:
help-effects = レイヤーによる拒否のしかた:
help-certainty = 判定には、どの程度確かか、何に基づくかを示します。続く数値は、示したレイヤーが正しい確率です:
help-more = 関連: trailwhy help { $topics }
help-kind = { $kind } ({ $word })
help-hiding = { $kind } (本文あり)
help-layer-identity-policy = 呼び出し元自身のポリシー (ユーザー、所属グループ、またはロールのもの) による許可と拒否。
help-layer-permissions-boundary = 自身のポリシーにかかわらず、ユーザーまたはロールに許される上限。
help-layer-session-policy = 1 つのセッションに許される上限。セッションの開始時に渡されます。
help-layer-resource-policy = リソースに付けられたポリシー。キーポリシー、バケットポリシー、キューポリシー、シークレットのポリシーなど。
help-layer-role-trust-policy = 誰がそのロールを引き受けられるかを定める、ロールのポリシー。
help-layer-scp = アカウントのユーザーとロールに許される上限。組織が設定します。
help-layer-rcp = アカウントのリソースに対して誰にでも許される上限。組織が設定します。
help-layer-vpc-endpoint-policy = VPC エンドポイントを通過できるもの。
help-layer-kms-grant = キーポリシーとは別に、1 つのプリンシパルに与えられた、1 つの KMS キーの使用許可。
help-layer-kms-key-state = ポリシーではなく、KMS キーが無効、削除待ち、またはキーマテリアルがない状態。
help-layer-block-public-access = ポリシーにかかわらずパブリックアクセスを拒否する S3 の設定。
help-effect-explicit-deny = Deny ステートメントが呼び出しに一致しています。どの Allow よりも優先されます。
help-effect-implicit-deny = 呼び出しに一致する Allow ステートメントがありません。
help-effect-not-applicable = ポリシーの評価ではなく、キーの状態やグラントの不足により失敗しました。
