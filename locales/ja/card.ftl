# インシデントのカード、多数の場合の一覧、共有用の要約。

# レポートの先頭。
card-head = { $found }{ $read }。
card-head-clear = { $found }{ $read }。死角なし。
card-blind = { $count ->
    [0] 死角なし。{ $spots }
   *[other] 死角 { $count } 件: { $spots }
}
card-found-one = { $kind } 1 件。
card-found = { $count } 件: { $kinds }。
card-read = { $files } ファイル { $kept } レコード、{ $when }
card-read-timeless = { $files } ファイル、{ $kept } レコード (時刻の記録なし)
card-range = { $first } ～ { $last } { $zone }
card-moment = { $time } { $zone }
card-skipped = 読み飛ばしたか破損したファイル { $count } 件
card-unreadable = 読み取れないポリシーファイル { $count } 件
card-noise = ノイズと見なした拒否 { $count } 件

# 続けて示すもの。
card-joined = { $before }、{ $after }

# カードの 1 行目。
card-new = 新規
card-known = 既知
card-partly-new = 一部新規

# 何が起きたかの一文。
card-silent = { $root } は成功を返しましたが、そのための { $by } の呼び出しが拒否されました。
card-opaque = { $root } は { $code } で失敗しました。エラーに原因は書かれていませんが、そのための { $by } の呼び出しが拒否されています。
card-hiding = { $root } は { $code } で失敗しました。エラーの本文によると、{ $who } には{ $on } { $denied } が許可されていません。
card-unlogged = { $by } による { $denied } が拒否されました。元の呼び出し { $root } はログにありません。
card-rootless = { $by } による { $denied } が拒否されました。どの呼び出しのためかは分かりません。
card-background = { $who } の処理中に、{ $on } { $denied } が拒否されました。元になったユーザーの呼び出しは分かりません。
card-ghost = { $root } は成功を返しましたが、{ $steps } が実行されていません。拒否の記録もありません。
card-gone = { $root } は成功を返しましたが、作成されたものは後に消えていました。拒否の記録もありません。
card-direct = { $who } による{ $on } { $denied } が{ $count ->
    [1] {""}
   *[other] いずれも
}拒否されました。
card-on = {" "}{ $resource } に対して
card-on-perhaps = {" "}{ $resource } (推定) に対して
card-on-one-of = {" "}{ $resources } のいずれかに対して
card-on-nothing = {""}
card-many-services = AWS
card-ended = その後の結果: { $end }
card-healed-propagation = { $length }後に成功しました。作成直後のものが、まだ全体に反映されていなかったためです (伝播の遅れ)。ポリシーの変更は不要です。
card-healed-change = 変更の後、{ $time } から成功しています。
card-healed-retry = { $length }後に成功しました。その間の変更はログにありません。

# 誰が求め、誰が拒否されたか。
card-asked = { $action }{ $by }{ $from }
card-by = {" "}呼び出し元 { $principal }
card-from = 、送信元 { $place }
card-about = 、対象 { $resource }
card-sure = 拒否された呼び出しがこのためのものである確率は { $percent } % ({ $kind }による)
card-tied = 同程度に当てはまる呼び出しがほかに { $count } 件
card-call = { $action }{ $on }、{ $made }
card-made-direct = 実行者 { $who }
card-made-forward = { $service } が { $who } の権限で実行
card-made-itself = { $service } がサービス自身として実行
card-made-role = { $service } が { $who } で実行
card-made-agent = アシスタントが { $who } のために実行
card-action-times = { $action } { $count } 回

# 理由。
card-why-statement = { $why }: { $statement }
card-statement = { $policy } の { $sid }
card-statement-alone = { $sid }
card-policy = { $policy }
card-policy-on = { $target } の { $policy }
card-keys = {" "}({ $keys })
card-why-unknown = どのレイヤーが拒否したかはログから分かりません。可能性: { $layers }
card-sureness = { $certainty } { $percent } %: { $because }
card-because-proven = 判明しているポリシーの評価でこの拒否を再現
card-because-stated = メッセージがレイヤーを示しています
card-because-inferred = AWS のメッセージと呼び出しの種類から
card-nothing-compared = 比較できる成功なし
card-compared = 比較できる成功 { $count } 件
card-factor = { $what } は失敗 { $failed } 件中 { $failed_with } 件、成功 { $succeeded } 件中 { $succeeded_with } 件
card-possible = 他の可能性: { $layers }
card-likely = { $layer } { $percent } %

# 変更。
card-changed = { $time } { $who }: { $summary }
card-changed-nobody = { $time } { $summary }
card-before = {" "}({ $length }前)
card-changed-nothing = 原因となる変更はログにありません
card-changed-since = その後 { $time } に { $who } が変更: 修正後もその変更は残ります

# 修正。
card-or = または { $title }
card-if = { $layer }の場合: { $title }
card-owner = またはルールの所有者が: { $title }
card-withheld = { $title } (コマンドは --all-fixes で表示)
card-of = { $title } · { $target }
card-checked = 検証: 成功 { $total } 件中 { $kept } 件を維持
card-checked-alone = 検証: この呼び出しは許可されます
card-checked-broken = 検証: 現在成功している呼び出し { $count } 件が失敗するようになります
card-checked-denied = 検証: この呼び出しは拒否されたままです
card-checked-unknown = 検証: この呼び出しが許可されるかは分かりません
card-not-checked = 未検証: ポリシーが不明です
card-unchecked-layers = 、不明: { $layers }
card-no-help = 効果なし: { $title }: { $because }
card-no-fix = 判明している範囲で提案できるものはありません
card-no-fix-wait = 変更は不要です。時間を置き、バックオフを入れて再試行してください
card-settle = 確定するには: { $command }
card-more = --full · -o report.html · help kinds
card-help = { $kind }: { $meaning } 詳細: trailwhy help kinds

# 最も大きい単位での時間の長さ。
card-seconds = { $count } 秒
card-minutes = { $count } 分
card-hours = { $count } 時間
card-days = { $count } 日

# 見出し。
card-label-denied = 拒否
card-label-asked = 呼び出し
card-label-why = 理由
card-label-changed = 変更
card-label-fix = 修正
card-label-more = 続き

# 一覧。
index-incident = id
index-when = 最初
index-where = 場所
index-who = 誰
index-sure = 確度
index-more = ほか { $count } 件は --full と -o report.html に表示
index-cards = 以下は最初の { $cards } 件。その他: { $explain }
index-cards-plain = 以下は最初の { $cards } 件。すべて表示: --full
index-all-in = すべて { $where } で発生。

# カードでのレイヤー名。
card-layer-identity-policy = ID ポリシー
card-layer-resource-policy = リソースポリシー
card-layer-scp = SCP
card-layer-rcp = RCP

# 狭い場所でのレイヤーと効果。
brief-identity-policy = ID
brief-permissions-boundary = 境界
brief-session-policy = セッション
brief-resource-policy = リソース
brief-key-policy = キーポリシー
brief-bucket-policy = バケット
brief-queue-policy = キュー
brief-topic-policy = トピック
brief-role-trust-policy = 信頼
brief-scp = SCP
brief-rcp = RCP
brief-vpc-endpoint-policy = エンドポイント
brief-kms-grant = グラント
brief-kms-key-state = キーの状態
brief-block-public-access = パブリックアクセス
brief-unknown = ?
brief-deny = { $layer } 拒否

# 要約。
summary-more = ほか { $count } 件
summary-line = { $label }: { $text }
summary-sure = { $why } ({ $certainty } { $percent } %)
