# 判定の説明文: 根拠、除外した原因とその理由。

documented-direct = プリンシパル自身による呼び出しのため、プリンシパル自身のポリシー、組織のポリシー、リソースのポリシー、エンドポイントのポリシーがすべて適用されます。
documented-agent = アシスタントが AWS MCP サーバーを通じてプリンシパルの権限で呼び出したため、プリンシパル自身のポリシー、組織のポリシー、リソースのポリシーが適用されます。この呼び出しはプリンシパルのネットワークを通らないため、VPC エンドポイントポリシーは適用されません。
documented-forward-access = サービスが呼び出し元の権限で行った呼び出し (転送アクセスセッション) です。呼び出し元が使用した VPC エンドポイントのポリシーは、この呼び出しには適用されません。
documented-service-principal = AWS サービス自身による呼び出しです。アイデンティティベースのポリシー、許可の境界、サービスコントロールポリシー (SCP) は適用されず、リソースのポリシーでの許可が必要です。
documented-service-linked-role = サービスにリンクされたロールによる呼び出しです。権限は AWS が定義しており、SCP も RCP も適用されません。お客様が変更できるのは、リソースのポリシーまたはグラントです。
documented-root-user = アカウントのルートユーザーによる呼び出しです。アイデンティティベースのポリシー、許可の境界、セッションポリシーは適用されず、組織、リソース、エンドポイントのポリシーだけが適用されます。
documented-service-role = サービスに渡されたロールによる呼び出しです。ロール自身のポリシーと組織のポリシーが適用されます。
documented-program-role = サービスに渡されたロールを使うプログラム (関数、コンテナ、ジョブ) による呼び出しです。ロール自身のポリシー、組織のポリシー、リソースのポリシー、エンドポイントのポリシーがすべて適用されます。
documented-ec2-infrastructure = EC2 がインスタンスのために行った呼び出し (aws:ec2-infrastructure) です。グラントまたはキーポリシーでの許可が必要で、SCP も適用されます。
documented-no-endpoint = VPC エンドポイントを経由していないため、VPC エンドポイントポリシーは評価されていません。
documented-assume-role = ロールの引き受けでは、ロールの信頼ポリシーが評価されます。
documented-no-assume-role = 信頼ポリシーが評価されるのは、ロールを引き受けるときだけです。
documented-not-kms = KMS の呼び出しではないため、グラントとキーの状態は関係しません。
documented-no-policy-there = この種類のリソースには、このアクションを判定するリソースベースのポリシーを付けられません。
documented-no-rcp = リソースコントロールポリシーはこのアクションに適用されません。
documented-federated = 外部からサインインする呼び出し元には、まだ AWS のプリンシパルがありません。アイデンティティベースのポリシー、許可の境界、セッションポリシー、SCP は評価されず、ロールの信頼ポリシーだけが評価されます。
documented-no-session = ユーザーが長期的なアクセスキーで呼び出したため、セッションポリシーを渡せるセッションはありません。
documented-no-resource = 対象のリソースが指定されていない呼び出しのため、リソースベースのポリシーは評価されていません。
documented-aws-managed-key = このキーは AWS マネージドキーです。キーポリシーは AWS が定めたもので変更できず、そのキーに対応するサービスを通じた同じアカウントからの利用だけを許可します。
documented-cross-account = リソースはアカウント { $owner }、呼び出し元はアカウント { $caller } に属するため、双方での許可が必要です。
documented-not-key-state = キーが使用できない場合、KMS は専用のエラーを返します。今回のエラーはアクセスの拒否です。

stated-layer = AWS のメッセージに、拒否したレイヤーが示されています: { $layer }、{ $effect }。
stated-explicit-only = AWS のメッセージは明示的な拒否であることを示していますが、どのポリシーによるものかは示していません。
stated-key-state = KMS のメッセージによると、キー { $key } の状態は { $state } です。
stated-kms-vague = KMS のこのメッセージは、キーが存在しない場合、キーポリシーに許可がない場合、キーポリシーで明示的に拒否されている場合のいずれでも同じ文面です。アイデンティティベースのポリシーが原因であれば、その旨が示されます。
stated-network-activity = 同じ時刻のネットワークアクティビティイベントに、エンドポイント { $endpoint } のポリシーが呼び出しを拒否したことが記録されています。

contrast-same-principal-other-resource = 同じプリンシパルによる同じ呼び出しが、他のリソースに対しては { $count } 回成功しています。
contrast-other-principal-same-resource = 同じアカウントの他のプリンシパルによる、同じリソースに対する同じ呼び出しが { $count } 回成功しています。
contrast-fails-on-many = このプリンシパルは { $count } 個の異なるリソースに対して失敗しています。共通しているのはプリンシパルです。
contrast-many-fail-on-it = このリソースに対して { $count } 個の異なるプリンシパルが失敗しています。共通しているのはリソースです。
contrast-all-through-endpoint = 失敗 { $failures } 件はすべて、エンドポイント { $endpoint } を経由しています。
contrast-works-off-endpoint = 同じプリンシパルによる、同じリソースに対する同じ呼び出しが、このエンドポイントを経由しない場合には { $count } 回成功しています。
contrast-others-off-endpoint = このエンドポイントを経由しない他のプリンシパルでは、同じリソースに対する同じ呼び出しが { $count } 回成功しています。
contrast-others-through-endpoint = 他のプリンシパルは、同じエンドポイントを経由した、同じリソースに対する同じ呼び出しに { $count } 回成功しています。
contrast-region = このアカウントでは、{ $region } でこの種の呼び出しが成功したことがありません。同じプリンシパルは、他のリージョンでは { $count } 回成功しています。
grant-of-predecessor = グラント { $grant } ({ $operations }) は { $principal } を指していますが、同じ名前の以前のプリンシパルに対して作られたものです。グラントは一意の ID に結び付くため、現在のプリンシパルには何も許可しません。
contrast-made-anew = 以前の成功 ({ $count } 回) では一意の ID が異なります。同じ名前で作り直されたプリンシパルは、以前に指定していたポリシーの対象になりません。
contrast-mfa = MFA 認証を行ったセッションでは { $count } 回成功し、MFA 認証のないセッションでは一度も成功していません。
contrast-forwarded-only = プリンシパル自身によるこのサービスの呼び出しは { $count } 回成功していますが、サービスが代わりに行った呼び出しは失敗しています。サービスを経由することで、条件の評価結果が変わっています。
contrast-direct-only = サービスがこのプリンシパルの代わりに行った同じ呼び出しは { $count } 回成功しており、失敗しているのはプリンシパル自身の呼び出しだけです。
contrast-other-actions = 同じプリンシパルは、同じリソースに対する他の操作 ({ $actions }) を許可されています。拒否されているのはこのアクションだけです。
contrast-account-works = アカウント { $account } の他のプリンシパルによる同じ呼び出しが { $count } 回成功しています。
contrast-whole-account = アカウント { $account } の { $principals } 個のプリンシパルが { $resources } 個のリソースに対して失敗しており、このアカウントで成功したプリンシパルはありません。共通しているのはアカウントです。

benign-console = 人が開いたコンソール画面が、表示しうるものをすべて問い合わせたもの
benign-inventory = { $services } 個のサービスを見て回るだけで何も変更しないツールによるもの
benign-inventory-tool = アカウントの状況を調べるツールによるもの (ユーザーエージェントから判断)

changed-before = 最初の失敗より前の { $time } に { $action } を実行: { $summary }
changed-elsewhere = 最後の成功から最初の失敗までの間に、ほかのレイヤーの変更はログにありません。
changed-nothing = 以前は成功していましたが、この呼び出しに関係する変更はログにありません。

alternative-usual = これを示すものはログにありませんが、否定できるだけの根拠もありません。
explain-silent = { $root } は成功を返しましたが、そのために AWS が呼び出した { $denied } が、{ $principal } に対して拒否されました{ $on }。
explain-opaque = { $root } は、原因を示さないエラーで失敗しました。そのために AWS が呼び出した { $denied } が、{ $principal } に対して拒否されています{ $on }。
explain-ghost = { $root } は成功を返しましたが、比較できるすべての成功例に含まれる { $missing } が実行されていません。
explain-gone = { $root } は成功を返しましたが、作成されたものは後に失われていました。それを削除した呼び出しはログにありません。
explain-direct = { $denied } が、{ $principal } に対して拒否されました{ $on }。
explain-background = { $denied } が、{ $principal } に対して拒否されました{ $on }。原因となったユーザーの呼び出しは判明していません。
explain-hiding = { $root } が { $code } で失敗しました。エラーの本文によると、{ $denied } が { $principal } に許可されていません{ $on }。
explain-on-one-of = {" "}(リソース: { $resources } のいずれか)
explain-perhaps-on = {" "}(リソース: おそらく { $resource }。記録には示されていません)
explain-on = {" "}(リソース: { $resource })
explain-on-nothing = {""}
explain-proven = 原因のレイヤーは{ $layer } ({ $effect }) です。当時のポリシーを評価すると、今回の拒否と、比較対象の成功がいずれも再現されます。
explain-proven-alone = 原因のレイヤーは{ $layer } ({ $effect }) です。当時のポリシーを評価すると、今回の拒否が再現されます。
explain-stated = 原因のレイヤーは{ $layer } ({ $effect }) です。AWS のメッセージに明記されており、ログにこれと矛盾する記録はありません。
explain-inferred = 成功例との比較から、原因のレイヤーは{ $layer } ({ $effect }) である可能性が最も高いと判断しました。
explain-unknown = 原因のレイヤーはログからは判断できません。可能性が最も高いのは { $layer } です。
explain-change = 発生前の最後の変更: { $time }、{ $by }: { $summary }

absent-step = { $count ->
    [1] この連鎖
   *[other] { $count } 件の連鎖
}では { $missing } が実行されていません。比較できる成功例 { $complete } 件ではすべて実行されており、途中までの手順 ({ $shared }) は一致しています。
absent-like-denied = 同じ手順が、同じ頃に他のプリンシパルに対して { $count } 回拒否されており、その記録はログにあります。
gone-not-found = { $id } は作成されたと応答されましたが、{ $time } に作成者が問い合わせたところ、存在しないという応答でした。それを削除した呼び出しはログにありません。{ $count ->
    [1] {""}
   *[other] 同じことが { $count } 件の呼び出しで起きています。
}
gone-ended-by-service = { $id } は作成されたと応答されましたが、{ $time } にサービスが { $action } で終了させています。それを求めた呼び出しはログになく、同じことが { $count ->
    [1] 1 件
   *[other] { $count } 件続けて
}起きています。
gone-reported = { $id } に対する処理が失敗したことを、サービスが { $time } の { $event } で報告しています。{ $count ->
    [1] {""}
   *[other] 同じことが { $count } 件の呼び出しで起きています。
}
gone-nothing-refused = この時間帯の KMS の呼び出しは記録されていますが、該当する拒否はログにありません。ほかのアカウントでの拒否や、呼び出しより前の検査は、ここには記録されません。
gone-no-kms = その後の 1 時間、アカウント { $account } の { $region } では KMS の読み取りの呼び出しがログにないため、キーによる拒否があっても記録に現れません。

evaluated-statement = 当時のポリシーを評価すると、{ $policy } ({ $layer }) の { $number } 番目のステートメント ({ $sid }) がこの呼び出しを拒否しています。このステートメントがなければ許可されます。
evaluated-assumed = ログにも渡されたポリシーにも示されていないため、通常どおりと仮定して評価しました: { $what }{ $more ->
    [0] {""}
   *[other] 、ほか { $more } 件
}。
evaluated-unknown = 評価の際に不明だったもの: { $what }{ $more ->
    [0] {""}
   *[other] 、ほか { $more } 件
}。
evaluated-implied = AWS のメッセージにはキーが示されていません。同じ用途に使われている既知のキーのうち、ポリシーがこの呼び出しを拒否するのは { $resource } だけです。
evaluated-several = この呼び出しは複数のリソースのすべてに対して許可されている必要があり、AWS のメッセージはどのリソースで失敗したかを示していません。ポリシーによって拒否されるのは { $resource } です。
changed-implied = AWS のメッセージには対象が示されていません。呼び出し元が同じ操作に使っていたもののうち、変更があり、それ以降使われていないのは { $resource } だけです。
told-statement = AWS 自身による判定の説明 ({ $file }): { $layer } のステートメント { $sid } ({ $effect })。
told-layer = AWS 自身による判定の説明 ({ $file }): { $layer }、{ $effect }。
told-effect = AWS 自身による判定の説明 ({ $file }): { $effect }。
contradiction-evaluated = AWS の説明では { $said } ({ $said-effect }) ですが、当時のものとして知られているポリシーを評価すると { $evaluated } ({ $evaluated-effect }) になります。渡されたポリシーが別の時点のものか、不足している可能性があります。
contradiction-allowed = この呼び出しは拒否されましたが、当時のものとして知られているポリシーを評価すると許可されます。渡されたポリシーが別の時点のものか、不足している可能性があります。
contradiction-told = AWS のメッセージでは { $said } ({ $said-effect }) ですが、判定の説明では { $told } ({ $told-effect }) です。
evaluated-layer = 当時のポリシーを評価すると、{ $layer } がこの呼び出しを拒否しています ({ $effect })。このレイヤーで許可すれば、呼び出しは成功します。
evidence-allowed = 許可された呼び出しについてのものです
evidence-other-principal = そこに書かれたプリンシパルが拒否された呼び出しはログにありません
evidence-other-time = そこに書かれたプリンシパルは、その時刻には何も拒否されていません
evidence-other-call = そこに書かれたプリンシパルが拒否されたのは別の呼び出しです
contrast-many-through-endpoint = { $count } 個の異なるプリンシパルがこのリソースで失敗していますが、いずれもエンドポイント { $endpoint } を経由しており、経由しない呼び出しは成功しています。共通しているのはエンドポイントです。
workload-subject = このセッションは、{ $provider } が認証した { $subject } のために作られたものです。
workload-pod = このセッションは、ポッド { $pod } (サービスアカウント { $account }、名前空間 { $namespace }、クラスター { $cluster }) のために作られたものです。
workload-tags = このセッションにはタグ { $tags } が付いています。
stated-unsaid = AWS のメッセージに「with an explicit deny」の記載がありません。このアカウントでは前後 30 日以内に { $service } の拒否 { $count } 件がこの文言を含んでいるため、明示的な拒否ではない可能性が高くなります。
stated-encoded-cut = エンコードされた認可メッセージは、CloudTrail の 1 KB の制限で切れているためデコードできません。同じ呼び出しを --dry-run 付きでやり直すと、完全なメッセージが得られます。
next-notification = サービスが報告する処理の失敗を今後記録するためのルールです。ターゲットにロググループを指定してください
next-collect = 残りも含めて取得する読み取り専用のスクリプト。実行後に --policies policies を指定

healed-propagation = 同じ呼び出しは { $time }（最後の失敗から { $seconds } 秒後）に成功しており、その間に変更はありません。直前に行われた変更（{ $action }：{ $summary }）がまだ全体に反映されていなかったためです（結果整合性）。ポリシーの変更は不要です。待ってから、間隔を空けて再試行してください。
healed-change = { $by } が { $action } を呼び出した（{ $summary }）後、同じ呼び出しは { $time } に成功しました。そこで変更されたものが不足していました。
healed-retry = 同じ呼び出しは { $seconds } 秒後の { $time } に、ログに見える変更なしで成功しました。
healed-evidence = { $time }、呼び出しが成功する前：{ $action }：{ $summary }

guardrail-lead = ガードレールが本来の役割を果たした拒否と見られます。誰が行ったのかを確かめてください。
guardrail-blinds = ガードレールが防ぐべき操作です。{ $action } は記録や監視の仕組みを取り除くもので、それまでに同様の呼び出しが成功したことはありません。
guardrail-leaves = ガードレールが防ぐべき操作です。{ $action } はアカウントやそれを縛るルールを組織から外すもので、それまでに同様の呼び出しが成功したことはありません。
guardrail-opens = ガードレールが防ぐべき操作です。{ $action } はブロックを外すか、誰にでも公開するもので、それまでに同様の呼び出しが成功したことはありません。
guardrail-empowers = ガードレールが防ぐべき操作です。{ $action } は権限を与えるか、その制限を外すもので、それまでに同様の呼び出しが成功したことはありません。
guardrail-destroys = ガードレールが防ぐべき操作です。{ $action } はデータが依存するキーやコピーを取り除くもので、それまでに同様の呼び出しが成功したことはありません。
guardrail-weakens = ガードレールが防ぐべき操作です。{ $action } は多要素認証を外すもので、それまでに同様の呼び出しが成功したことはありません。
guardrail-sweep = この呼び出し元は { $minutes } 分のうちに { $services } 個のサービスの { $actions } 種類のアクションを拒否されています。何ができるかを試しているときの動きです。
guardrail-limit = { $layer }は、そもそも何ができるかを制限するだけのもので、それまでに同様の呼び出しが成功したことはありません。
evaluated-statement-besides = 当時のポリシーを評価すると、{ $policy } ({ $layer }) の { $number } 番目のステートメント ({ $sid }) がこの呼び出しを拒否しています。ただし原因はこれだけではなく、このステートメントがなくても拒否されます。
evaluated-layer-besides = 当時のポリシーを評価すると、{ $layer } がこの呼び出しを拒否しています ({ $effect })。ただし原因はこれだけではなく、このレイヤーで許可しても拒否されます。
