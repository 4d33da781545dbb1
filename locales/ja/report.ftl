# 各レンダラーで共通の語句と、ターミナル固有の語句。

# インシデントの種類。
kind-silent = 無言の失敗
kind-opaque = 原因不明のエラー
kind-background = バックグラウンドの拒否
kind-ghost = 消えた後続処理
kind-direct = 直接の拒否
kind-silent-means = 呼び出しは成功を返しましたが、そのために AWS が行った呼び出しが拒否され、誰にも通知されていません。
kind-opaque-means = 呼び出しは失敗しましたが、そのエラーは裏で起きた拒否を示していません。
kind-hiding-means = 呼び出しは失敗し、エラーの本文が裏で起きた拒否を伝えています。
kind-background-means = サービスの処理中に拒否されました。元になったユーザーの呼び出しは分かっていません。
kind-ghost-means = 呼び出しは成功を返し、拒否の記録もありませんが、必ず続くはずの処理が行われていないか、作成されたものが後に消えています。
kind-direct-means = 呼び出し元自身の呼び出しが拒否され、呼び出し元にはそれが伝わっています。

# 判定の確かさ。
certainty-proven = 検証済み
certainty-stated = AWS のメッセージに明記
certainty-inferred = 推定
certainty-unknown = 不明
certainty-proven-means = 判明しているポリシーを評価すると、今回の拒否と、比較対象の成功がいずれも再現されます。
certainty-proven-alone-means = 判明しているポリシーを評価すると、今回の拒否が再現されます。比較できる成功はログにありません。
certainty-stated-means = AWS のメッセージがこのレイヤーを示しており、ログにこれと矛盾する記録はありません。
certainty-inferred-means = AWS のメッセージだけでは特定できないため、失敗と成功の比較から導いた判定です。
certainty-unknown-means = どのレイヤーで拒否されたかは、ログからは判断できません。

# 親の呼び出しとの関連付けの根拠。
link-resource-id = リソース ID
link-issued-credentials = 発行された認証情報
link-request-id = リクエスト ID
link-session = セッション
link-key = キー
link-time = 時刻
link-shared-event = 共有イベント

layer-with-effect = { $layer }、{ $effect }

# インシデントの一文要約。
headline-silent = { $root } は成功を返しましたが、そのために AWS が呼び出した { $denied } { $count ->
    [1] が
   *[other] がいずれも
}拒否されました: { $why }。
headline-opaque = { $root } は、そのために AWS が呼び出した { $denied } { $count ->
    [1] が
   *[other] がいずれも
}拒否されたため失敗しました: { $why }。
headline-hiding = { $root } が { $code } で失敗しました。{ $who } に { $denied } が許可されていません ({ $why })。
headline-unlogged = ログにない { $root } のために呼び出された { $denied } { $count ->
    [1] が
   *[other] がいずれも
}拒否されました: { $why }。
headline-rootless = { $denied } { $count ->
    [1] が
   *[other] がいずれも
}拒否されました (どの呼び出しのためかは不明): { $why }。
headline-background = { $denied } { $count ->
    [1] が
   *[other] がいずれも
}サービスの処理中に拒否されました: { $why }。
headline-ghost = { $root } は成功を返しましたが、{ $steps } が実行されていません: { $why }。
overview-gone = 後に消失
headline-gone = { $root } は成功を返しましたが、作成されたものは後に失われていました: { $why }。
headline-direct = { $denied } { $count ->
    [1] が
   *[other] がいずれも
}呼び出し元に対して拒否されました: { $why }。

# 上の一文で使う語句。
actions-of-services = { $services } サービスの { $actions } 個のアクション
several-calls = { $count } 種類の呼び出し
an-error = エラー
who-role = ロール { $name }
who-user = ユーザー { $name }
who-service = サービス { $name }
who-other = { $name }
who-unknown = ログに示されていないプリンシパル

# ターミナル: 要約と見出し。
terminal-incidents = インシデント { $count } 件{ $count ->
    [1] {""}
   *[other] {" "}(重大なものから順に表示)
}: { $kinds }。
terminal-kind-count = { $kind } { $count } 件
terminal-no-incident = 読み取った範囲にインシデントは見つかりませんでした。
terminal-nothing-kept = 対象となるレコードがないため、判定できません。
terminal-incident = インシデント { $number }/{ $of }: { $kind }
terminal-happened = 何が起きたか
terminal-chain = 呼び出しの連鎖
terminal-why = 原因
terminal-what-to-do = 対処

# 何が起きたか。
field-when = 発生日時
field-asked = 呼び出し
field-by = 呼び出し元
field-from = 送信元
field-about = 対象
field-answer = 結果
field-ended = 終了
field-denied = 拒否
field-denied-to = 拒否された側
field-on = リソース
field-made-by = 実行者
field-aws-said = AWS の応答
field-never-came = 未実行
field-meaning = 意味
field-policy = ポリシー
field-attached-to = アタッチ先
field-statement = ステートメント
field-condition-keys = 条件キー
field-known-from-event = 情報源のイベント
field-known-from-file = 情報源のファイル
field-accounts = アカウント
field-regions = リージョン
occurred-times = { $count } 回 ({ $first } から { $last } まで)
call-synthesized = ログにはなく、拒否された呼び出しの内容から判明
root-belongs = 拒否された呼び出しとの関連付けの根拠: { $kind }、{ $percent } %
root-belongs-or = 拒否された呼び出しとの関連付けの根拠: { $kind }、{ $percent } %。{ $events } にも同程度に当てはまります
root-unknown = 不明 (この処理を求めた呼び出しはログから分かりません)
one-of = { $resources } のいずれか (どれかは記録から分かりません)
perhaps-on = { $resource } の可能性 (記録には示されていません)
recorded-as = 記録上のイベント名は { $name }
through-endpoint = { $endpoint } 経由
said-nothing = なし
times = { $count } 回
event-named = イベント { $id }
and-more = 他 { $count } 件

# 呼び出しの連鎖。
chain-empty = このインシデントの呼び出しの連鎖はログにありません。
chain-denied-here = ここで拒否
chain-more-calls = このチェーンの呼び出しはほかに { $count } 件
chain-never-came = 実行されず
chain-belongs = 関連付けの根拠: { $kind }、{ $percent } %
chain-tied = { $events } にも同程度に当てはまります

# 原因。
verdict-named = レイヤー: { $why } · { $certainty }、信頼度 { $percent } %
incident-related = { $incidents } と同じ原因です。一方を直せばすべて直ります。
verdict-contradiction = AWS のメッセージと評価結果が食い違っています:
verdict-contradiction-short = AWS のメッセージと評価結果の食い違い
verdict-evidence = 根拠
verdict-alternatives = 他に考えられる原因
verdict-ruled-out = 除外した原因
evidence-for = { $layers }を支持
evidence-against = { $layers }を否定
alternative-named = { $why } ({ $percent } %)
ruled-out-layers = { $layers }
ruled-out-named = { $layer }: { $because }

# 比較。
comparison-of = 比較: 失敗 { $failures } 件、比較できる成功 { $successes } 件
comparison-few = 比較: 失敗 { $failures } 件、比較できる成功 { $successes } 件。件数が少なく統計的には判断できません。違いは偶然の可能性があります
comparison-nothing = 比較: 失敗 { $failures } 件、比較できる成功 { $successes } 件。レコードに現れる項目のうち、偶然を超えて失敗と結び付くものはありません
comparison-left-out = 比較対象は 30 日以内で時間の近いものに限りました。この呼び出しの成功がほかに { $count } 件あります。
comparison-without-need = 拒否された権限を必要としなかった同じ呼び出しの成功 { $count } 件は比較していません。
comparison-not-compared = ログからは双方について確認できないため、比較していない項目: { $fields }{ $more ->
    [0] {""}
   *[other] 、ほか { $more } 件
}
comparison-weakest-link = 連鎖の中で最も弱い結び付き: { $action } ({ $kind }、{ $percent } %)。
comparison-none = 比較: 失敗 { $failures } 件。比較できる成功はログにありません
factor-together = { $all } がそろう場合
factor-in-words = { $what } に該当するのは、失敗 { $failed } 件中 { $failed_with } 件、成功 { $succeeded } 件中 { $succeeded_with } 件です
column-failed = 失敗
column-succeeded = 成功
column-p = p 値
column-what = 条件
column-number = 番号
column-kind = 種類
column-times = 回数
column-denied = 拒否された呼び出し
column-why = 原因
column-differs = 相違点
column-step = 手順
column-on = リソース
column-asked = 元の呼び出し
baseline-mark = 新規
ratio = { $with }/{ $all }
nearest-success = 最も近い成功例、イベント { $id }:

# 呼び出しを比較するときの属性。
attribute-principal = プリンシパル
attribute-resource = リソース
attribute-resource-account = リソースのアカウント
attribute-caller-account = 呼び出し元のアカウント
attribute-caller-kind = 呼び出しの種類
attribute-invoked-by = 呼び出したサービス
attribute-root-action = ユーザーの呼び出し
attribute-vpc-endpoint = VPC エンドポイント
attribute-root-vpc-endpoint = ユーザーの呼び出しの VPC エンドポイント
attribute-region = リージョン
attribute-mfa = MFA
attribute-source-address = 送信元アドレス
attribute-network = ネットワーク
attribute-session-name = セッション名
attribute-source-identity = ソース ID
attribute-credentials = 認証情報
attribute-encryption-context-keys = 暗号化コンテキストのキー
attribute-user-agent = ユーザーエージェント
attribute-tls = TLS バージョン
attribute-time = 時刻
attribute-session-age = セッションの経過時間
attribute-steps = それまでの手順
attribute-step = 手順 { $action }
attribute-present = { $attribute } あり
attribute-absent = { $attribute }なし
value-private = プライベート
value-public = パブリック
value-console = コンソール
value-long-term-key = 長期アクセスキー
value-temporary = 一時的な認証情報
value-yes = あり
value-no = なし

# 対処。
change-before = 発生前の変更:
change-by = { $time } に { $principal } が { $action } を実行
change-by-unknown = { $time } に { $action } を実行
fix-none = 判明している情報からは修正案を示せません。下記のコマンドで追加の情報を確認してください。
fix-numbered = { $number }. { $title }
fix-in = 変更箇所: { $layer } ({ $target })
fix-in-layer = 変更箇所: { $layer }
fix-unchecked = 未検証: ポリシーの内容が不明です。
fix-refuted = 効果のない対処:
next-evidence = 確証を得るには
verified-allowed = オフラインで検証済み: 拒否されたリクエストは許可されるようになります。
verified-denied = オフラインで検証済み: リクエストは引き続き拒否されます。
verified-unknown = オフラインで検証済み: リクエストが許可されるかどうかは判断できません。
verified-kept = 成功していた { $total } 件中 { $kept } 件は引き続き許可されます。
verified-broken = 現在成功している呼び出し { $count } 件が拒否されるようになります。
verified-still-denied = 拒否されるべきリクエスト { $count } 件は引き続き拒否されます。
verified-unchecked = 内容が不明なため未検証: { $layers }。

# 読み取った範囲。
coverage-title = 分析の前提
coverage-read = { $found } 個中 { $files } 個のファイルから { $read } 件のレコードを読み取りました: 分析対象 { $kept } 件、重複 { $duplicates } 件、不正な形式 { $malformed } 件、範囲外 { $outside } 件。
coverage-notifications = このうち { $count } 件は Amazon EventBridge の通知です。作業がどう終わったかを伝えるもので、API の呼び出しではありません。
coverage-span = 期間は { $first } から { $last } までです。
coverage-no-span = 時刻のあるレコードはありません。
coverage-caveats = { $skipped ->
    [0] すべてのファイルを読み取りました
   *[other] スキップしたファイルまたは破損したファイルが { $skipped } 個あります
}。{ $blind ->
    [0] 判明している死角はありません
   *[other] ログからは見えない範囲が { $blind } 件あります
} (末尾に一覧)。
coverage-reason = { $reason }: { $count } 個
coverage-skipped = スキップしたファイルと破損したファイル
coverage-recovered = { $count } 件のレコードは読み取り済み
coverage-blind = ログからは見えない範囲
ignored-by-rule = trailwhy.toml のルールにより除外 ({ $incident }): { $reason }
coverage-benign = ノイズとみなした拒否

# SARIF。
sarif-rule = AWS への呼び出しがこのレイヤーで拒否されました: { $layer }。
sarif-step = { $action }: { $outcome }

# ベースラインとの比較。
baseline-known = ベースラインにあります。
baseline-new = 新規: ベースラインにありません。
baseline-partly = { $all } 種類の失敗のうち { $new } 種類がベースラインにない新しいものです: { $what }。
baseline-new-on = { $resource } に対する { $action } (イベント { $event })
baseline-new-sort = { $action } (イベント { $event })
coverage-policies = 渡されたポリシー
coverage-policies-of = { $account } の { $kind }
coverage-policies-evidence = AWS による判定の記録
coverage-policies-other = 種類のわからないファイル
coverage-policies-count = ドキュメント { $count } 件
coverage-policies-as-of = { $time } 時点
coverage-policies-missing = 不足: { $listed }
coverage-policies-unreadable = 読み取れないもの: { $listed }

fix-within-rule = ルールの範囲内: ポリシーは変更しません。
