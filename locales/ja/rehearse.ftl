# 変更を行う前に、その影響を示す。

rehearse-breaks = この変更を行うと、現在動作している { $findings } 件が動作しなくなります。証跡にある呼び出しのうち { $times } 回が拒否されます。
rehearse-may-break = この変更により、現在動作しているものが動作しなくなる可能性があります。{ $findings ->
    [0] 一部の内容を解釈できませんでした。
   *[other] { $findings } 件は判断できません。
}
rehearse-holds = この変更を行っても、証跡で確認できる動作 ({ $records } 件のレコード) に影響はありません。

rehearse-change-put = 変更: { $of } の { $kind } ポリシーを置き換える。
rehearse-change-new = 変更: 新しい { $kind } を { $of } にアタッチする。
rehearse-change-deleted = 変更: { $of } の { $kind } ポリシーを削除する。
rehearse-change-attached = 変更: { $policy } を { $of } にアタッチする。
rehearse-change-detached = 変更: { $policy } を { $of } からデタッチする。
rehearse-not-understood = 解釈できないため評価していません: { $file } の { $name }: { $because }
rehearse-unread-type = 種類 { $sort } のリソースのポリシーは読み取れません
rehearse-unread-way = 種類 { $sort } のリソースは、ここでは読み取れない形で許可の内容を変えます
rehearse-unread-later = { $attribute } は適用するまで決まりません
rehearse-unread-whose = ポリシーの適用先が示されていません
rehearse-unread-name = { $name } に当たるものが見つからないか、複数あります
rehearse-unread-literal = 値が直接書かれておらず、適用時に決まります
rehearse-unread-document = { $message }
rehearse-more = … ほか { $more } 件。

rehearse-badge-denied = [拒否される]
rehearse-badge-unclear = [判断不能]
rehearse-badge-opened = [新たに許可]
rehearse-badge-meant = [意図どおり]

rehearse-silent = { $root } は成功と報告し続けますが、{ $what }が拒否されます ({ $often }、気付かれません)。
rehearse-opaque = { $root } は理由を示さずに失敗します。{ $what }が拒否されるためです ({ $often })。
rehearse-background = { $what }が拒否されます ({ $often })。バックグラウンドの処理であり、失敗する利用者の呼び出しはありません。
rehearse-direct = { $what }が拒否されます ({ $often })。
rehearse-unclear-silent = { $what }が拒否されるかどうかは判断できません ({ $often })。いずれの場合も { $root } は成功と報告します。
rehearse-unclear-opaque = { $what }が拒否されるかどうかは判断できません ({ $often }、{ $root } のための呼び出し)。
rehearse-unclear = { $what }が拒否されるかどうかは判断できません ({ $often })。
rehearse-opened = これまで拒否されていた{ $what }が許可されるようになります ({ $often })。
rehearse-calls = { $who } による { $actions } の呼び出し
rehearse-calls-on = { $who } による { $on } への { $actions } の呼び出し
rehearse-calls-on-more = { $who } による { $on } ほか { $more } 件への { $actions } の呼び出し
rehearse-a-day = 1 日 { $times } 回
rehearse-in-all = { $times } 回

rehearse-because-deny = 理由: { $policy } の{ $statement }が拒否します ({ $layer })。
rehearse-because-may = 理由: { $policy } の{ $statement }が拒否する可能性があります ({ $layer })。
rehearse-because-lost = 理由: これまで許可していた { $policy } の{ $statement }がなくなるか、一致しなくなります ({ $layer })。
rehearse-because-layer = 理由: 許可するものがなくなります ({ $layer })。
rehearse-elsewhere = 理由: 現在許可しているものがなくなります。
rehearse-statement = ステートメント「{ $sid }」
rehearse-statement-number = { $number } 番目のステートメント
rehearse-hangs-on = 判断に必要な情報: { $what }
rehearse-hangs-on-address = サービスが転送する呼び出しの aws:SourceIp に、サービスと利用者のどちらのアドレスが使われるか。サービスのアドレスなら拒否され、利用者のアドレスなら拒否されません
rehearse-exception = 最小の例外: { $what }。これを加えると { $kept } 回の呼び出しは許可されたままとなり、拒否されていた呼び出しが許可されることはありません (評価済み)。
rehearse-except-services = サービス自身として呼び出す AWS サービスを除外する (aws:PrincipalIsAWSService)
rehearse-except-forwarded = サービスが利用者のために行う呼び出しを除外する (aws:ViaAWSService)
rehearse-except-caller = { $who } を除外する (aws:PrincipalArn)
rehearse-except-allow = { $who } の現在の呼び出しを引き続き許可する
rehearse-seen = { $first } から { $last } までに { $records } 回。例: { $events }

rehearse-owners = 影響を受けるもの (レコード数): { $who }。
rehearse-tally = { $calls } 種類の呼び出し、{ $records } 件のレコードを変更の前後で評価しました。影響なし { $untouched } 件、許可のまま { $allowed } 件、拒否される { $denied } 件、判断不能 { $unclear } 件、新たに許可 { $opened } 件。
rehearse-blind-span = 証跡の期間は { $first } から { $last } まで ({ $days ->
    [0] 1 日未満
   *[other] { $days } 日間
}) です。これより頻度の低い操作は確認できません。
rehearse-blind-empty = 証跡に呼び出しがないため、何も評価していません。
rehearse-blind-data = データイベントが記録されていないため、オブジェクト、項目、メッセージの読み書きは確認できません。
rehearse-blind-unexplained = { $records } 件のレコードは、把握しているポリシーでは拒否されるはずですが成功しています (最も多いのは { $who } による { $action })。その分、ポリシーを正しく把握できていません。
rehearse-blind-already = { $records } 件のレコードは以前は成功しましたが、現在のポリシーですでに拒否されます (最も多いのは { $who } による { $action })。
