# ファイルの読み取りと、ポリシーについて不明なことに関する文。
# JSON レポートではどの言語でも英語の文を出力する。

# ログからは見えない範囲。
log-no-kms = AWS KMS のイベントが 1 件もないため、キーの使用の成功も拒否も確認できません
log-no-reads = 読み取り専用の管理イベントがないため、Decrypt、GenerateDataKey、AssumeRole の確認や Describe 系の呼び出しを確認できません
log-no-writes = 書き込みイベントがないため、リソースの作成や変更の呼び出しを確認できません
log-no-data = データイベントがないため、S3 オブジェクト、Lambda 関数、キュー、トピック、テーブル項目に対する呼び出しを確認できません。KMS の呼び出しの元になったユーザーの呼び出しが見つからない場合があります
log-no-home-region = IAM と Organizations のポリシー変更が記録される { $region } のレコードがありません
log-empty-hours = アカウント { $account }、リージョン { $region }: 他の時間帯にはすべてレコードがあるのに、{ $from } から { $to } まで ({ $hours }) は 1 件もありません
log-caller-account = アカウント { $account } はこれらのアカウントを呼び出していますが、そのアカウントの証跡がありません。同アカウントの呼び出しが拒否された場合、その記録は同アカウントにしか残りません ({ $records })
log-owner-account = アカウント { $account } は呼び出されたリソースを所有していますが、そのアカウントの証跡がないため、ポリシーの変更を確認できません ({ $records })
log-ids-repeat = { $records } 件のレコードが、内容が異なるのに同じイベント ID を使っています (ID は { $ids } 種類)。ID が伏せられたか、使い回されています。すべて残し、同じ ID の 2 件目を「ID#2」、3 件目を「ID#3」と表記します
log-trail-until = 証跡 { $trail } は { $time } から { $end } まで{ $what }
log-trail-to-the-end = 証跡 { $trail } は { $time } から読み取った範囲の終わりまで{ $what }
log-mentioned-once = 1 件のレコードに記載
log-mentioned = { $count } 件のレコードに記載
log-one-hour = 1 時間
log-hours = { $count } 時間
log-stopped = 停止していました
log-deleted = 削除されていました
log-leaves-out-kms = AWS KMS イベントを除外する設定でした
log-leaves-out-reads = 読み取りイベントを除外する設定でした
log-leaves-out-writes = 書き込みイベントを除外する設定でした
log-leaves-out-management = 管理イベントを除外する設定でした

# ファイル。
log-passed-over-one = 1 件のレコードを対象外として除外
log-passed-over = { $count } 件のレコードを対象外として除外
log-ends-in-record = レコードの途中で終わっています
log-no-records = レコードではない値または行が { $count } 件
log-no-utf8 = UTF-8 ではないバイトを疑問符に置き換えました
log-flaw-one = 1 件のレコードに問題: { $flaw }
log-flaw = { $count } 件のレコードに問題: { $flaw }
log-no-time = eventTime を読み取れません
log-no-name = eventName または eventSource がありません
log-no-json = 有効な JSON ではありません
log-summary = 呼び出し元とパラメータのない要約です
log-gzip-header-ends = gzip ヘッダーの途中でファイルが終わっています
log-gzip-header-damaged = gzip ヘッダーが破損しています
log-deflate-ends = { $bytes } バイトのところで圧縮データが途切れています
log-deflate-damaged = { $bytes } バイト以降が破損しています
log-checksum-wrong = チェックサムが内容と一致しません
log-checksum-missing = チェックサムの前でファイルが終わっています
log-bomb = { $stored } バイトから { $bytes } バイトまで展開したところで中止しました。正当なファイルの場合は上限を引き上げてください
log-digest = ログファイルの整合性検証用ダイジェストファイル
log-signature = クエリ結果の署名ファイル
log-insights = CloudTrail Insights イベント
log-aggregated = 集約されたデータイベント
log-config-file = AWS Config のファイル
log-config-snapshot = AWS Config のスナップショット
log-config-item = AWS Config の設定項目
log-guardduty = GuardDuty の検出結果
log-waf = AWS WAF のログ
log-resolver = Route 53 Resolver のクエリログ
log-flow-logs = VPC フローログ
log-load-balancer = ロードバランサーのアクセスログ
log-s3-access = S3 サーバーアクセスログ
log-cloudfront = CloudFront のアクセスログ
log-console-table = この表には呼び出し元とパラメータが含まれていません。コンソールの [イベント履歴] で [イベントをダウンロード]、[JSON としてダウンロード] を選ぶか、証跡のファイルを使用してください
log-archive = { $what } (先に展開してください: { $command })
log-query-result = { $what } (クエリ結果を CSV または JSON でエクスポートしてください)
log-system = { $error }
log-notifications = CloudTrail のログではなく通知です
log-zip = zip アーカイブ
log-empty-zip = 空の zip アーカイブ
log-seven-zip = 7-Zip アーカイブ
log-tar = tar アーカイブ
log-sqlite = SQLite データベース
log-pdf = PDF ファイル
log-part = `trailwhy analyze --partial` が書いたファイル。対処: `trailwhy merge` でまとめてください
log-too-large = 1 つの値が 64 MB を超えています (レコードとしてあり得ない大きさです)。1 行に 1 レコードで書き出してください (jq -c、pandas では orient="records", lines=True)
log-columns-missing = { $columns } のない表です。これらの列 (userIdentity は JSON または展開した列) かレコード全体も含めてエクスポートしてください
log-rows-unnamed = 列名が前に示されていない行の一覧です。ヘッダー付きの CSV か、1 行を 1 オブジェクトとする JSON でエクスポートしてください
log-delivery-notice = ログファイルの配信通知であり、ログファイルそのものではありません。通知にあるオブジェクトを取得してください: aws s3 cp s3://BUCKET/KEY .
log-workbook = Excel ブック。シートを CSV として保存してください
log-no-callers = { $records }に呼び出し元の記録がなく、連鎖も呼び出し元も判断できません。userIdentity も JSON または展開した列としてエクスポートしてください
log-nameless-once = 1 件のレコード
log-nameless = { $count } 件のレコード
log-nothing-in-range = 指定された範囲にレコードはありません。範囲外のレコードを { $count } 件読み取りました ({ $from } から { $to } まで)。--since、--until、--account、--region を見直してください
log-files-out-of-range = 指定された範囲にファイルはありません。ファイル名によると { $count } 件が範囲外です (配信は { $from } から { $to } まで)。--since、--until、--region を見直してください
log-mostly-malformed = { $read } 件のレコードのうち { $malformed } 件を解釈できなかったため、問題がないとは言えません。レコード全体を 1 行に 1 つの JSON オブジェクトとしてエクスポートするか (jq -c '.Records[]')、証跡が配信したファイルを使用してください

# コマンド。
log-kept-a-day = AWS での保存期間は 24 時間
log-encoded-text = イベント { $event } の errorMessage にあるエンコードされた文字列
log-and-parents = 上位の階層についても実行 (list-parents --child-id)

# ポリシーについて不明なこと。
log-missing-not-recorded = { $what } (記録なし)
log-missing-before = { $what } (イベント { $event } より前は記録なし)
log-missing-hidden = { $what } (表示されていない: { $why })
log-missing-more = { $what } (記録されている以外にもある可能性)
log-missing-part = { $what } (一部だけが判明)
log-of-policies-of = { $of } のポリシー
log-of-inline = { $of } のインラインポリシー { $name }
log-of-attachment = { $policy } の { $to } へのアタッチ
log-of-permissions-boundary = { $of } の許可の境界
log-of-trust = { $role } の信頼ポリシー
log-of-session = { $session } のセッションポリシー
log-of-membership = { $user } の { $group } への所属
log-of-managed = マネージドポリシー { $policy }
log-of-version = { $policy } のバージョン { $version }
log-of-resource-policy = { $of } のリソースベースのポリシー
log-of-state-of-key = キー { $key } の状態
log-of-grants = キー { $key } のグラント
log-of-key-behind = { $alias } が指すキー
log-of-access-block = { $of } の S3 ブロックパブリックアクセス
log-of-organization-policy = 組織のポリシー { $policy }
log-of-organization-policies = { $target } の組織のポリシー
log-of-policy-types = { $root } のポリシータイプ
log-of-organizational-unit = { $of } の組織単位 (OU)
log-of-policy-of-endpoint = { $endpoint } のポリシー
log-of-tag = { $of } のタグ { $key }
log-of-setting = { $of } の設定 { $name }

# 記録されていても内容が示されない理由。
log-hidden-no-object = JSON オブジェクトではありません
log-hidden-withheld = CloudTrail が伏せています
log-hidden-encoding = URL エンコードが壊れています
log-hidden-unreadable = 少なくとも一部を読み取れません
log-hidden-dump = ダンプに含まれていません
log-hidden-statement = イベントにステートメントが含まれていません
log-hidden-before = 変更前のドキュメントが壊れています
log-hidden-event = イベントに含まれていません

# 判定に必要な情報。
log-no-resource = レコードにリソースが示されていません
log-no-key = レコードにキーが示されていません
log-key-gone = キーはすでに存在しません
log-no-owner = リソースを所有するアカウントが不明です
log-no-access-block = バケットとアカウントの設定が記録されていません
log-boundary-unknown = 呼び出し元に設定されているかどうかが不明です
log-together = { $before }; { $after }
log-and-more = { $before }; ほか { $more } 件
log-hangs-on-key = { $name }
log-hangs-on-policies = { $layer }: { $why }
log-hangs-on-resource = リソース
log-hangs-on-owner = リソースを所有するアカウント
log-hangs-on-not-principal = アカウント、ロール、セッションのすべては挙げていない `NotPrincipal` の対象から外れるかどうか

# 渡されたポリシーの問題。
log-flawed-document = { $what }: { $message }
log-of-targets = { $policy } のアタッチ先
log-rest-of-list = { $file } のリストの続き
log-unanswered = { $of } ({ $calls }: { $why })
log-unasked = アカウント { $account } のすべて (そのアカウントの認証情報では収集していません)
log-s3-denied = { $on } への { $action } が拒否されました ({ $why })
log-s3-gone = 一覧には出ましたが、すでにありません
log-s3-changed = 一覧の取得後に変更されました
log-s3-no-bucket = バケット `{ $bucket }` はないか、どのエンドポイントからも見えません
log-s3-region = { $action } に失敗しました。バケット `{ $bucket }` は { $region } とは別のリージョンにあります。ヒント: AWS_REGION にそのリージョンを設定してください
log-s3-failed = { $action } に失敗しました: { $why }
