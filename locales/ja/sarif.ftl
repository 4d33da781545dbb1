# SARIF レポートの文。

sarif-help = このアラートは、どの呼び出しが誰に対して拒否されたか、そしてこのレイヤーのどのステートメントまたは設定で決まったかを、分かる範囲で示します: { $layer }。同じ原因による拒否は 1 件のアラートにまとめられ、分析したレコードで呼び出しが拒否されなくなると閉じられます。呼び出しの連鎖、証拠、修正案とそのコマンドは、同じ分析のターミナル、Markdown、HTML の各レポートにあります。
sarif-read-more = AWS での判定のしくみ: { $address }
sarif-denied-record = 拒否された呼び出しのレコード
sarif-deciding-statement = 判定を決めたステートメント
sarif-change-record = その前の変更のレコード
sarif-results-left-out = ほか { $count } 件のインシデントを省略しました。Code scanning が表示するのは 1 回の実行につき { $most } 件までです。JSON レポートにはすべて含まれます。
sarif-steps-left-out = 連鎖のうち、ほか { $count } 件の呼び出しを省略しました。Code scanning が表示するのは連鎖ごとに { $most } 件までです。JSON レポートにはすべて含まれます。
sarif-no-file = { $count } 件のインシデントは、レコードまたはポリシーのあるファイルが分かりません。Code scanning はファイルのない結果を受け付けません。
