# 標準エラー出力に出すメッセージ: パスの誤り、該当なし、書き出したファイル。

# パス。
message-no-path = 読み取るパスが指定されていません
    ヒント: エクスポートのフォルダーかファイルを指定するか、標準入力なら `-` を指定するか、trailwhy.toml の `paths` を設定してください
message-not-there = `{ $path }` が見つかりません。ヒント: CloudTrail のレコードが入ったファイルかフォルダー (S3 からエクスポートした AWSLogs フォルダーなど) を指定してください。標準入力は - です
message-in-s3 = `{ $path }` は Amazon S3 にあります。読み取れるのはファイルだけです
    ヒント: aws s3 sync { $from } s3-export && trailwhy analyze s3-export
    または S3 を直接読めるビルドを使います: cargo build --release --features s3
message-object-in-s3 = `{ $path }` は Amazon S3 にあります。読み取れるのはファイルだけです
    ヒント: aws s3 cp { $from } . && trailwhy analyze { $file }
message-address = `{ $path }` は URL です。読み取れるのはファイルだけです
    ヒント: curl -fLo { $file } { $from } && trailwhy analyze { $file }
message-trail = `{ $path }` は証跡です。読み取れるのはファイルだけです
    ヒント: バケットとプレフィックスは aws cloudtrail get-trail --name { $from } --query 'Trail.[S3BucketName,S3KeyPrefix]' で確認できます。そのあと aws s3 sync s3://BUCKET/PREFIX s3-export を実行してください
message-log-group = `{ $path }` はロググループです。読み取れるのはファイルだけです
    ヒント: aws logs filter-log-events --log-group-name { $group } --region { $region } > events.json && trailwhy analyze events.json
message-endless = `{ $path }`: ファイルでもフォルダーでもありません
    ヒント: `-` を指定し、標準入力から渡してください: trailwhy analyze - < PATH
message-parts-in-folder = `{ $path }`: フォルダーです
    ヒント: その中の、`trailwhy analyze --partial` が書き出したファイルを指定してください
message-names-nothing = `{ $path }`: ファイルもフォルダーも書かれていません
    ヒント: 1 行に 1 つ、または NUL で区切って書いてください
message-system = `{ $path }`: { $why } ({ $error })
message-system-not-there = 見つかりません
message-system-forbidden = 開く権限がありません
message-system-folder = ファイルではなくフォルダーです
message-system-full = 書き込む空き容量がありません
message-no-part-there = `{ $path }` が見つかりません。ヒント: `trailwhy analyze --partial` が書き出したファイルを指定してください
message-overwrites-input = `{ $path }` に書き込むと、読み取り対象の `{ $other }` を上書きします
    ヒント: 別のファイルを出力先に指定してください
message-overwrites-in-folder = `{ $path }` に書き込むと、読み取り対象のフォルダー `{ $other }` の中のファイルを上書きします
    ヒント: 別のファイルを出力先に指定してください
message-written-twice = `{ $path }` に書き込むと、同じく出力先の `{ $other }` を上書きします
    ヒント: 出力先のファイルはそれぞれ 1 回だけ指定してください
message-no-help = `{ $word }` の説明はありません
    ヒント: サブコマンドは trailwhy help で表示されます。レポートの用語の説明は help { $topics } です
message-no-format = `{ $path }` の拡張子からは形式がわかりません。ヒント: .json .md .html .sarif .csv .txt
message-no-zone = `{ $zone }` というタイムゾーンはありません
    ヒント: UTC、local、Asia/Tokyo のような名前、または +09:00 のような時差を指定してください
message-no-local-zone = このコンピューターのタイムゾーンがわかりません
    ヒント: --time-zone Asia/Tokyo や --time-zone +09:00 のように指定してください
message-list-and-file = 標準入力をファイルの一覧とファイルの両方に使うことはできません
    ヒント: 一覧をファイルに書き出してください: --files-from FILE
message-no-root = `--source-root { $written }` のフォルダーが見つかりません
    ヒント: 手元のフォルダー、コピー元の順に指定してください: DIR=NAME
message-root-of-what = `--source-root { $written }` にファイルのコピー元がありません
    ヒント: DIR=NAME の形で指定してください。例: s3-export=s3://trail-bucket
message-part-is-binary = 部分結果はバイナリーなので、端末には出力しません
    ヒント: ファイルを指定するか (--partial FILE)、パイプで渡してください: --partial - | trailwhy merge -

# 読み取り結果。
message-no-files = ファイルがありません。ヒント: エクスポートのフォルダーかファイルを指定してください。標準入力は `-` です
message-is-part = `{ $path }` は `trailwhy analyze --partial` が書き出した部分結果です。ヒント: `trailwhy merge { $path }`
message-holds-none = `{ $path }` に CloudTrail のレコードはありません: { $said }
message-hold-none = { $count } 個のファイルに CloudTrail のレコードはありません: { $said }
message-none-readable = { $count } 個のファイルは、どれも CloudTrail のレコードとして読み取れませんでした。ヒント: 証跡の配信ファイル (AWSLogs/ACCOUNT/CloudTrail/…) をダウンロードするか、`aws cloudtrail lookup-events` の結果を JSON で保存してください
message-damaged = `{ $path }`: { $what }。{ $count } 件のレコードを読み取りました
message-more-damaged = ほかに { $count } 個のファイルが破損しています。すべてレポートに記載します
message-unused = `{ $path }` は使いませんでした: { $why }
message-warning = 警告: { $what }
message-all-before = { $count } 件のレコードはすべて { $since } より前です ({ $first } から { $last } まで)
message-all-after = { $count } 件のレコードはすべて { $until } より後です ({ $first } から { $last } まで)
message-no-region = リージョン { $region } のレコードはありません
message-no-account = アカウント { $account } のレコードはありません
message-part-written = { $records } 件のレコード ({ $bytes } バイト) を書き出しました。ヒント: すべての部分結果からレポートを作るには `trailwhy merge` を使います

# 指定されたもの。
message-explain-what = `{ $id }` は説明する ID とみなされ、読み取るパスがありません
    ヒント: trailwhy explain PATH… ID
message-no-such-id = 読み取った範囲に ID `{ $id }` はありません
    ヒント: { $hint }
message-beyond = 該当する呼び出しはほかに { $count } 件ありますが、最初の分だけを表示します。`--since`、`--until` または別の ID で絞り込めます
message-what-is-an-id = イベント ID、リクエスト ID、インシデント ID、または呼び出しの対象 (`vol-…` や ARN) を指定してください。`--since`、`--until` などの絞り込みで除外されている場合もあります
message-near-ids = 近いものは { $near } です

# 見つかったもの。
message-found = インシデント { $count } 件 ({ $kinds })
message-none-found = インシデントなし
message-wrote = { $found }。{ $files } に書き出しました
message-counting = インシデント { $incidents } 件のうち { $counting } 件が終了ステータスの対象です。残りはベースラインで既知のものか、対象外の種類です

# ポリシーの収集。
message-collect-nothing-failed = 読み取った範囲で失敗した呼び出しがないため、集めるべきポリシーはありません。ヒント: --all でアカウント全体を集められます
message-collect-nothing-missing = 失敗した呼び出しに関わるポリシーは、指定されたものにすべて含まれています
message-collect-all-of-what = エクスポートなしの --all には --account と --region が必要です
    ヒント: trailwhy collect --all --account ID --region REGION
message-plan-of-pipe = 標準入力は分割できません
    ヒント: ファイルかフォルダーを指定してください
message-plan-of-name = `{ $path }` は UTF-8 ではないため、JSON の計画に書けません。ヒント: 名前を変えるか、そのフォルダーを直接 `trailwhy analyze` に渡してください
message-planned = { $parts } 個の部分、{ $files } 個のファイル、{ $bytes } バイト
message-in-s3-what = `{ $path }` はバケットとプレフィックスを示していません。ヒント: s3://BUCKET/AWSLogs/
message-no-profile = プロファイル `{ $profile }` はありません (AWS_PROFILE)。ヒント: aws configure list-profiles
message-profile-elsewhere = プロファイル `{ $profile }` のキーは、サインイン、ロール、または別のプログラムから得るものです
    ヒント: eval "$(aws configure export-credentials --profile { $quoted } --format env)"; unset AWS_PROFILE
message-tables-used = `{ $path }` は空ではありません。中のファイルがこのレポートの表と混ざります
    ヒント: 新しいフォルダーを指定してください

# 試行する変更。
message-rehearse-nothing = 試行する変更が指定されていません
    ヒント: --change FILE --on ARN、--delete ARN、--attach POLICY --on ARN、--detach POLICY --on ARN、--change-dir DIR、--terraform-plan FILE、--cloudformation FILE、--change-event ID のいずれかを指定してください
message-rehearse-pairs = --change、--attach、--detach にはそれぞれ --on が必要です
    ヒント: --change key.json --on arn:aws:kms:eu-west-1:111122223333:key/KEY-ID
message-rehearse-where = `{ $on }` はポリシーを持つものではありません
    ヒント: ARN、VPC エンドポイントの ID (vpce-…)、組織のポリシーの ID (p-…) またはそのアタッチ先 (r-…、ou-…、アカウント) を指定してください。バケットやキーを名前で指定する場合は --kind を付けてください
message-rehearse-which = `{ $on }` には複数のポリシーがある可能性があります
    ヒント: ポリシーを指定してください: --name NAME、または --kind trust か boundary
message-rehearse-no-change = イベント `{ $id }` はポリシーを変更していないか、証跡にありません
    ヒント: trailwhy changes PATH で変更したイベントを確認できます

# `mcp` のツールサーバー。
message-mcp-read = { $records } 件のレコード、{ $incidents } 件のインシデントを { $seconds } 秒で読み取りました
message-mcp-in-s3 = `{ $path }` は Amazon S3 にあります。このサーバーはどこにも接続しません
    ヒント: aws s3 sync { $from } s3-export && trailwhy mcp s3-export
message-mcp-standard-input = `-` は標準入力で、質問を受け取るために使われます
    ヒント: ファイルかフォルダーを指定してください
