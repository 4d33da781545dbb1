# HTML レポートの文。

html-title = { $incidents ->
    [0] インシデントは見つかりませんでした
   *[other] 失敗した呼び出し { $calls } 件、原因 { $incidents } 件
}
html-nothing-kept = 判定対象のレコードがありません
html-lead = { $first } から { $last } までの CloudTrail レコード { $records } 件。
html-lead-without-span = CloudTrail レコード { $records } 件。
html-skip = インシデントへ移動
html-footer = { $tool } { $version } が CloudTrail のレコードだけから作成しました。
html-footer-policies = { $tool } { $version } が CloudTrail のレコードと渡されたポリシーから作成しました。
html-times-in = 時刻はすべて { $zone } です。
html-offline = このファイルはネットワークから何も読み込みません。
html-nothing-found = 読み取った範囲では、静かに失敗した呼び出しも拒否された呼び出しも見つかりませんでした。この結果が及ぶのは、以下に示す読み取り範囲までです。

html-incidents = インシデント
html-incident-number = インシデント { $number }
html-by-layer = レイヤー別
html-causes-and-calls = 呼び出し { $calls } 件、原因 { $causes } 件
html-over-time = 発生時刻
html-drawn-of = { $calls } 件のうち { $drawn } 件を図示しています。残りは件数にのみ含まれ、このレポートには列挙されていません。
html-bar-stands-for = 棒 1 本は { $length }、最大は { $most } 件です。
html-change-line = 縦線は変更の時点です。
html-and-more = ほか { $count } 件
html-not-in-full = ページを小さく保つため、ほか { $count } 件のインシデントの詳細は省略しました。JSON レポートにはすべて含まれます。

html-worst-first = 深刻な順
html-back = インシデント一覧
html-reading = このページの読み方
html-console = コンソール ↗
html-console-note = ↗ の付いたリンクはこのページを離れて AWS コンソールを開きます。該当するアカウントへのサインインが必要です。CloudTrail のイベント履歴に残るのは、過去 90 日間の管理イベントです。
html-shown = { $all } 件中 { $shown } 件を表示
html-search = インシデントの内容をすべて検索
html-sort = 並べ替え
html-sort-worst = 深刻な順
html-sort-often = 回数の多い順
html-sort-last = 最後に発生した順
html-sort-first = 最初に発生した順
html-group = グループ化
html-group-none = なし
html-group-cause = 原因別
html-one-cause = 原因が共通のインシデント { $count } 件
html-no-common-cause = 原因がほかと共通しないもの
html-clear = 解除
html-close = 閉じる
html-facet-kind = 種類
html-facet-layer = レイヤー
html-facet-certainty = 確実さ
html-facet-account = アカウント
html-facet-region = リージョン
html-facet-service = サービス
html-facet-caller = 呼び出し元
html-keys = キー操作
html-key-next = 次 / 前のインシデント
html-key-search = 検索
html-key-open = インシデントを開く
html-key-back = 一覧へ戻る (検索中は検索を消す)
html-key-help = このキー一覧を表示

html-blind = 見えなかったものが { $count } 件あります。
html-coverage = この結果の根拠となる範囲
html-what-was-read = 読み取ったもの
html-files = ファイル
html-files-read = { $found } 個中 { $read } 個を読み取り
html-records = レコード
html-records-read = { $count } 件を読み取り
html-records-kept = 分析対象
html-records-duplicate = 重複
html-records-out-of-range = 対象期間外
html-records-malformed = 形式不正
html-size = サイズ
html-sizes = 保存時 { $compressed }、展開後 { $uncompressed }
html-accounts = アカウント
html-regions = リージョン
html-skipped = 対象外または破損したファイル { $count } 個
html-path = パス
html-reason = 理由
html-recovered = 回収したレコード
html-blind-spots = 見えなかったもの
html-no-blind-spots = レコードからは死角は見つかりませんでした。
html-benign = 無害とみなした拒否 { $count } グループ
html-how-often = 回数
html-why = 理由

html-headline-silent = { $root } は成功を返したが、そのための { $denied } { $count ->
    [1] が
   *[other] がいずれも
}拒否された
html-headline-opaque = { $root } が失敗したが、エラーは原因である { $denied } の拒否を示していない
html-headline-ghost = { $root } は成功を返したが、{ $missing } が行われなかった
html-headline-ghost-of-many = { $root } は成功を返したが、{ $first } ほか { $others } 件の手順が行われなかった
html-headline-gone = { $root } は成功を返したが、作成されたものは後に失われていた
html-headline-background = { $service } による { $denied } が拒否された (原因となったユーザーの呼び出しは不明)
html-headline-direct = { $denied } { $count ->
    [1] が
   *[other] がいずれも
}拒否された
html-headline-hiding = { $root } が { $code } で失敗した。{ $who } に { $denied } が許可されていない
html-headline-unlogged = ログにない { $root } の下で { $denied } { $count ->
    [1] が
   *[other] がいずれも
}拒否された
html-headline-rootless = { $denied } { $count ->
    [1] が
   *[other] がいずれも
}拒否された (どの呼び出しのためかは不明)
html-actions = 拒否されたすべてのアクション
html-sure-of-layer = { $certainty } (レイヤーの判定)
html-belongs = 関連付け
html-recorded-as = 記録上のイベント名
html-headline-unknown = 呼び出しが失敗した

html-times = { $count } 回
html-denied-by = 拒否したレイヤー
html-cause = 原因
html-changed = 変更
html-fix = 対処
html-chance-means = p は偶然これほど分かれる確率です (フィッシャーの正確確率検定、属性数で補正)。
html-confidence = 確信度 { $confidence }
html-contradiction = メッセージとポリシーの評価が一致しません。

html-condition-keys = 条件キー
html-policy = ポリシー
html-attached-to = アタッチ先
html-statement = ステートメント
html-known-from = 情報源
html-deciding-statement = 拒否を決めたステートメント

html-picture = 失敗した流れと成功した流れ
html-failed-chain = 失敗
html-worked-chain = 成功
html-no-success = 比較できる成功例はレコードにありません。
html-mark-success = 成功
html-mark-denied = 拒否
html-mark-error = 失敗
html-mark-unknown = 記録なし
html-mark-missing = 行われず
html-uncertain-link = 不確かなつながり
html-picture-note = 時間は最初の呼び出しから右へ進み、長い間隔は縮めてあります。帯は 1 秒を表し、その中の順序はログからは分かりません。矢印にポインターを合わせると、2 つの呼び出しを結びつけた根拠が表示されます。
html-not-drawn = ほか { $count } 件の呼び出しは図示していません。呼び出しの表に含まれます。
html-lane-direct = 呼び出し元
html-lane-forward-access-session = 呼び出し元の権限で
html-lane-service-principal = サービス自身として
html-lane-service-linked-role = サービスにリンクされたロール
html-lane-service-role = サービスに渡されたロール
html-lane-ec2-infrastructure = インスタンスのための EC2
html-lane-agent = 呼び出し元のためのアシスタント
html-lane-nobody = 行われず
html-not-known = 不明

html-link = { $kind }により関連付け、確信度 { $confidence }
html-link-ties = 同程度に当てはまる呼び出しがほかに { $count } 件あります

html-asked = 要求された操作
html-denied = 拒否された操作
html-missing-steps = 行われなかった手順
html-missing-note = 比較対象の成功例に必ずあり、この流れにない手順:
html-no-denial = 拒否の記録はありません。
html-synthesized = この呼び出しはログにありません。拒否された呼び出しの内容から導いたものです。
html-action = アクション
html-outcome = 結果
html-error = エラー
html-error-text = メッセージ
html-when = 日時
html-who = プリンシパル
html-place = 場所
html-source-address = 送信元アドレス
html-vpc-endpoint = VPC エンドポイント
html-resource = リソース
html-resources = リソース
html-event = イベント
html-how-signed = 署名者
html-invoked-by = 呼び出したサービス

html-differences = 違い
html-compared = 失敗 { $failures } 件と成功 { $successes } 件を比較しました。
html-factor-failed = 失敗の { $share }
html-factor-succeeded = 成功の { $share }
html-chance = p = { $p }
html-same-split = { $attributes } もまったく同じ分かれ方をします
html-side-by-side = この失敗と最も近い成功例
html-field = 項目
html-in-the-failure = 失敗
html-in-the-success = 成功

html-change = 直前の変更
html-no-change = このレコードの範囲に、原因となる変更は見つかりません。より古い変更の可能性があります。
html-policy-diff = 変更によるドキュメントの差分

html-fixes = 対処
html-no-fix = 関係するポリシーについて分かっていることが少なく、修正案を示せません。
html-fix-diff = 拒否したステートメントの変更点
html-fix-document = ドキュメント
html-fix-patch = 現在のポリシーに対する JSON Patch (RFC 6902)
html-fix-commands = コマンド
html-not-verified = 未検証: 検証に必要なポリシーが不明です。
html-refuted = 正しそうに見えて効果のない対処

html-evidence = 証拠
html-how-known = 根拠の種類
html-what-was-seen = 確認された事実
html-speaks = 示すもの
html-events = イベント
html-witness-stated = AWS のメッセージ
html-witness-contrasted = 失敗と成功の比較
html-witness-evaluated = ポリシーの評価
html-witness-absent-step = 行われなかった手順
html-witness-documented = AWS の仕様
html-witness-changed = 直前の変更
html-alternatives = ほかの可能性
html-ruled-out = 除外したもの
html-next-evidence = 確証を得るために必要なもの
html-next-evidence-commands = 実行して結果を比べるコマンド

html-details = 詳細
html-calls = この流れの呼び出し { $count } 件とその関連付け
html-calls-of-success = 成功例の呼び出し { $count } 件
html-link-evidence = 関連付けの根拠
html-occurrences = 発生 { $count } 件
html-occurrences-listed = { $count } 件のうち { $listed } 件を掲載しています。残りは JSON レポートにあります。
html-asked-event = ユーザーの呼び出し
html-denied-event = 拒否された呼び出し
html-raw = CloudTrail のレコード { $count } 件
html-raw-note = CloudTrail のドキュメントにある項目を、読み取ったまま示します。セッショントークンとエンコードされた認可メッセージは除いてあります。
html-secret = (省略)
html-letters-cut = (以降 { $count } 文字を省略)

html-copy = コピー
html-copied = コピーしました
html-not-copied = 選択して手動でコピーしてください

html-attribute-principal = プリンシパル
html-attribute-resource = リソース
html-attribute-resource-account = リソースのアカウント
html-attribute-caller-account = 呼び出し元のアカウント
html-attribute-caller-kind = 署名の種類
html-attribute-invoked-by = 呼び出したサービス
html-attribute-root-action = ユーザーの呼び出し
html-attribute-vpc-endpoint = VPC エンドポイント
html-attribute-root-vpc-endpoint = ユーザーの呼び出しの VPC エンドポイント
html-attribute-region = リージョン
html-attribute-mfa = MFA
html-attribute-source-address = 送信元アドレス
html-attribute-network = ネットワーク
html-attribute-session-name = セッション名
html-attribute-source-identity = ソースアイデンティティ
html-attribute-credentials = 認証情報
html-attribute-encryption-context-keys = 暗号化コンテキストのキー
html-attribute-user-agent = ユーザーエージェント
html-attribute-tls = TLS バージョン
