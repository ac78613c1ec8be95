//! Every string of the page, in every language it speaks. What Kubernetes says (names, statuses, messages) is not
//! translated: it is what kubectl prints.

/// A language of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
}

/// All of them, in the order of the menu.
pub const LANGUAGES: [Language; 2] = [Language::En, Language::Ja];

impl Language {
    /// The first of the reader's preferences that the page speaks; English if there is none.
    pub fn preferred<'a>(tags: impl IntoIterator<Item = &'a str>) -> Language {
        tags.into_iter().find_map(Language::of_tag).unwrap_or(Language::En)
    }

    /// `ja`, `ja-JP` and the like; `None` for a language that the page does not speak.
    pub fn of_tag(tag: &str) -> Option<Language> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        LANGUAGES.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// For the `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Ja => "ja",
        }
    }

    /// Its own name for itself.
    pub fn name(self) -> &'static str {
        match self {
            Language::En => "English",
            Language::Ja => "日本語",
        }
    }

    /// A string of the page.
    pub fn say(self, text: Text) -> &'static str {
        let (english, japanese) = text.both();
        match self {
            Language::En => english,
            Language::Ja => japanese,
        }
    }

    /// A string with its `{}` replaced, in order.
    pub fn fill(self, text: Text, values: &[&str]) -> String {
        let mut parts = self.say(text).split("{}");
        let mut filled = parts.next().unwrap_or_default().to_string();
        for (index, part) in parts.enumerate() {
            filled.push_str(values.get(index).copied().unwrap_or_default());
            filled.push_str(part);
        }
        filled
    }
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident: $english:literal, $japanese:literal;)*) => {
        /// What can be said.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Text { $($(#[$doc])* $name,)* }

        /// The whole catalogue.
        pub const TEXTS: &[Text] = &[$(Text::$name,)*];

        impl Text {
            /// English and Japanese.
            pub fn both(self) -> (&'static str, &'static str) {
                match self { $(Text::$name => ($english, $japanese),)* }
            }
        }
    };
}

catalogue! {
    /// Beside the name.
    Tagline: "Kubernetes for stateful applications", "ステートフルなアプリケーションのための Kubernetes";
    /// While the engine loads.
    Starting: "The cluster is starting…", "クラスターを起動しています…";
    /// A link for the keyboard.
    SkipToTerminal: "Skip to the terminal", "ターミナルへ移動";
    /// The toolbar's name.
    TimeControls: "Time", "時間";
    /// Button.
    Pause: "Pause", "一時停止";
    /// Button.
    Continue: "Continue", "再開";
    /// Button.
    Step: "Step to the next event", "次のイベントまで進める";
    /// Button, short.
    UntilReady: "Until ready", "準備完了まで";
    /// Button, long.
    UntilReadyLong: "Run as fast as possible until nothing is under way", "進行中の処理がなくなるまで最高速で進める";
    /// Label of the speeds.
    Speed: "Speed", "速度";
    /// One speed, for a screen reader.
    SpeedTimes: "{} times real time", "実時間の {} 倍";
    /// Label of the clock.
    VirtualClock: "Virtual clock", "仮想時計";
    /// Beside the clock.
    Elapsed: "{} since the start", "開始から {}";
    /// Label.
    LanguageLabel: "Language", "言語";
    /// Button.
    Reset: "New cluster", "新しいクラスター";
    /// Asked before.
    ResetQuestion: "Throw this cluster away and begin with a new one?", "このクラスターを破棄して、新しく始めますか？";
    /// Button.
    Export: "Save the journal", "操作記録を保存";
    /// Button: opens a menu.
    Share: "Share", "共有";
    /// Button.
    ShareLink: "Copy a link to this session", "このセッションへのリンクをコピー";
    /// Button.
    ExportLesson: "Save as a lesson", "レッスンとして保存";
    /// Note.
    LinkCopied: "A link that opens this session, with all that you did, is in the clipboard.", "これまでの操作を含むこのセッションへのリンクを、クリップボードにコピーしました。";
    /// Note.
    LinkInAddress: "This browser does not let the page use the clipboard. The link stands in the address bar.", "クリップボードを使えないため、リンクをアドレスバーに表示しました。";
    /// Note.
    LinkTooLong: "This session is too long for a link. Save the journal instead.", "このセッションはリンクにするには長すぎます。代わりに操作記録を保存してください。";
    /// Note.
    LinkImpossible: "This browser cannot make such a link. Save the journal instead.", "このブラウザーではリンクを作れません。代わりに操作記録を保存してください。";
    /// Note.
    LinkDamaged: "The link holds no session that can be read. This is a new cluster.", "リンクからセッションを読み取れませんでした。新しいクラスターを用意しました。";
    /// Section.
    Picture: "Cluster", "クラスター";
    /// Section.
    Terminal: "Terminal", "ターミナル";
    /// Label of the terminal's text.
    TerminalLog: "Output of terminal {}", "ターミナル {} の出力";
    /// Label of the line.
    CommandLine: "Command line of terminal {}", "ターミナル {} のコマンド行";
    /// Under the terminal.
    TerminalHint: "Tab completes · Ctrl-R searches · Shift-Tab: names · Esc, then Tab leaves", "Tab で補完 · Ctrl-R で検索 · Shift-Tab で名前へ · Esc のあと Tab で移動";
    /// In the terminal's text.
    TerminalNamesHint: "← → go from name to name · Enter shows details · Esc goes back to the line", "← → で名前を選択 · Enter で詳細 · Esc でコマンド行へ戻る";
    /// A terminal's name.
    TerminalNumber: "Terminal {}", "ターミナル {}";
    /// Section.
    Terminals: "Terminals", "ターミナル一覧";
    /// Of a search through the history.
    NothingFound: "no command has this", "該当するコマンドはありません";
    /// A paste that is refused.
    PasteTooLong: "The paste is longer than {} MiB and was not taken.", "貼り付けた内容が {} MiB を超えているため、受け付けませんでした。";
    /// While a command runs.
    Busy: "running…", "実行中…";
    /// While a command runs and the clock stands.
    BusyPaused: "waiting: the clock is stopped", "待機中：時計が止まっています";
    /// The shell has ended.
    Closed: "The shell has ended.", "シェルは終了しました。";
    /// Button: one more shell.
    NewTerminal: "New terminal", "ターミナルを追加";
    /// Button: a shell goes, with what runs in it.
    CloseTerminal: "Close terminal {}", "ターミナル {} を閉じる";
    /// Button beside a command that waits.
    SkipWait: "Skip the wait", "待ち時間を飛ばす";
    /// Buttons that a host page offers.
    Offers: "Commands to try", "試せるコマンド";
    /// The menu's name.
    CompletionsLabel: "Completions", "補完候補";
    /// Menu longer than shown.
    MoreCandidates: "{} more", "他 {} 件";
    /// The drawing's name: how it is used.
    PictureKeys: "Cluster: arrow keys go from object to object, Enter opens details", "クラスター：矢印キーで移動、Enter で詳細を表示";
    /// The fastest speed.
    SpeedMost: "max", "最速";
    /// The fastest speed, for a screen reader.
    SpeedMostLong: "As fast as the machine goes", "このマシンで可能なかぎり速く";
    /// The part below the picture.
    Dock: "Editor and terminals", "エディターとターミナル";
    /// An edge.
    ResizeDock: "Height of the terminals", "ターミナルの高さ";
    /// An edge.
    ResizeSide: "Width of the details", "詳細の幅";
    /// An edge.
    ResizeLesson: "Width of the lesson", "レッスンの幅";
    /// Edge.
    ResizeEditor: "Width of the editor", "エディターの幅";
    /// Section.
    Editor: "Editor", "エディター";
    /// The list of files.
    EditorFile: "File", "ファイル";
    /// The last of the list.
    NewFile: "New file…", "新しいファイル…";
    /// Asked for a new file.
    NewFileName: "Name of the new file", "新しいファイルの名前";
    /// Button.
    SaveFile: "Save", "保存";
    /// Button: types kubectl apply.
    ApplyFile: "Apply", "適用";
    /// Button: types kubectl diff.
    DiffFile: "Diff", "差分";
    /// State of a file.
    Unsaved: "not saved", "未保存";
    /// The list of mistakes.
    Problems: "Problems", "問題";
    /// A mistake: line, column, message.
    ProblemAt: "{}:{} {}", "{}:{} {}";
    /// What an unknown field should probably be.
    DidYouMean: "did you mean {}?", "{} の間違いではありませんか？";
    /// How the editor is left.
    EditorKeys: "Esc, then Tab leaves the editor", "Esc のあと Tab でエディターから移動";
    /// Pages of the details.
    InspectorPages: "Pages of the details", "詳細の表示切り替え";
    /// A page of the details.
    Summary: "Summary", "概要";
    /// A page of the details.
    Yaml: "YAML", "YAML";
    /// Heading.
    Conditions: "Conditions", "Condition（状況）";
    /// Heading.
    Verdicts: "The scheduler about each node", "各ノードに対するスケジューラーの判定";
    /// Heading.
    Commands: "Commands to type", "コマンドを入力";
    /// A claim's line.
    NoFiles: "no files", "ファイルなし";
    /// A volume, for a screen reader: name, phase, capacity.
    VolumeLabel: "Volume {}, {}, {}", "ボリューム {}、{}、{}";
    /// Field.
    FieldFiles: "Files", "ファイル";
    /// Field: the last warning event.
    FieldWarning: "Last warning", "直近の警告";
    /// Field.
    FieldReclaim: "Reclaim policy", "回収ポリシー";
    /// Field.
    FieldEndpoints: "Endpoints", "エンドポイント";
    /// Field.
    FieldMinAvailable: "Min available", "最小稼働数";
    /// Field.
    FieldMaxUnavailable: "Max unavailable", "最大停止数";
    /// Why.
    WhyCreatedAsWanted: "{} was created because its {} wants it (replicas: {})", "{} は、所有者の {} が必要としているので作成されました（replicas：{}）";
    /// Why.
    WhyCreatedAfter: "{} was created because {} became Ready", "{} は、{} が Ready になったので作成されました";
    /// Why.
    WhyCreatedForNode: "{} was created because {} had none", "{} は、{} にまだなかったので作成されました";
    /// Why.
    WhyDeletedAsSurplus: "{} was deleted because its {} wants fewer (replicas: {})", "{} は、所有者の {} の必要数を超えたので削除されました（replicas：{}）";
    /// Why.
    WhyDeletedAsOutdated: "{} was deleted because its template is not that of {}", "{} は、テンプレートが {} のものではないので削除されました";
    /// Why.
    WhyDeletedAsEnded: "{} was deleted because it was {}", "{} は、終了していたので削除されました（{}）";
    /// Why.
    WhyDeletedWithOwner: "{} was deleted because its owner {} is gone", "{} は、所有者の {} がなくなったので削除されました";
    /// Why.
    WhySized: "{} was sized from {} to {} by its Deployment", "{} の Pod 数は、Deployment によって {} から {} に変更されました";
    /// Why.
    WhyRollsOut: "{} rolls out", "{} はロールアウト中です";
    /// Why.
    WhyWaits: "{} waits until {} is {}", "{} は、{} が次の状態になるのを待っています：{}";
    /// Why.
    WhyAsWanted: "{} is as wanted", "{} は望まれた状態です";
    /// Why.
    WhyActed: "{} has just changed pods: {}", "{} は Pod を変更したところです（{} 個）";
    /// Why: what a controller says of a claim.
    WhyClaim: "{}: {}", "{}：{}";
    /// Why: the scheduler's message.
    WhyUnschedulable: "No node takes it: {}", "配置できるノードがありません：{}";
    /// Why: the kubelet's message.
    WhyContainerWaits: "A container waits: {}", "コンテナーが待機しています：{}";
    /// Why: the kubelet's message.
    WhyNotReady: "It is not ready: {}", "準備ができていません：{}";
    /// Why: finalizers.
    WhyKept: "It is deleted, and kept by {}", "削除されましたが、次の finalizer によって残されています：{}";
    /// Why: seconds.
    WhyStops: "It is deleted: its containers have {}s to stop", "削除されました。コンテナーは {} 秒以内に停止します";
    /// Why.
    WhyDeleted: "It is deleted", "削除されました";
    /// Field: what an object was created for.
    FieldDecided: "The controller", "コントローラー";
    /// Field: what a pod's program says of itself.
    FieldPart: "Part", "役割";
    /// Of a pod's program.
    Serves: "{}, serves", "{}、応答中";
    /// Of a pod's program.
    ServesNot: "{}, does not serve", "{}、応答なし";
    /// Why a budget is red.
    BudgetRefused: "The eviction of {} was refused", "{} の退避は拒否されました";
    /// A workload's card: programs that do not serve.
    NotServing: "{} not serving", "応答なし {}";
    /// Why a service has the endpoints that it has.
    WhyService: "{} of {} endpoints are ready; a pod is one while its labels match the selector", "{} / {} のエンドポイントが準備完了。ラベルがセレクターに合う間、Pod はエンドポイントになります";
    /// Why a budget allows what it allows.
    WhyBudget: "{} pods are healthy and {} must stay, so {} may go", "正常な Pod は {} 個、維持すべき数は {} 個なので、{} 個まで退避できます";
    /// Why a node takes no pods.
    WhyNodeCordoned: "It was cordoned: no new pod comes here", "cordon されているため、新しい Pod は配置されません";
    /// Why a node takes no pods.
    WhyNodeSilent: "Its kubelet has stopped renewing the lease", "kubelet がリースを更新していません";
    /// Section.
    PendingTray: "Waiting", "待機中";
    /// Section without anything.
    NothingPending: "no pod", "なし";
    /// Section.
    Claims: "Claims", "ボリューム要求（PVC）";
    /// Section without anything.
    NoClaims: "no claims yet", "まだありません";
    /// Section without anything.
    NoWorkloads: "Nothing runs yet. Apply a manifest in the terminal.", "まだ何も動いていません。ターミナルでマニフェストを適用してください。";
    /// A budget's line.
    BudgetAllowed: "{} may be disrupted", "中断可能 {}";
    /// A budget's line.
    BudgetHealthy: "{} of {} healthy, {} needed", "正常 {} / {}、必要 {}";
    /// A service's line.
    Endpoints: "{} endpoints", "エンドポイント {}";
    /// Which tokens are whose.
    TokenRing: "Token ring", "トークンリング";
    /// The pod whose view of the ring is shown.
    SeenBy: "as {} sees it", "{} から見た状態";
    /// A headless service.
    Headless: "headless", "ヘッドレス";
    /// Section.
    Events: "Events", "イベント";
    /// Section without anything.
    NoEvents: "no events yet", "まだありません";
    /// A node, for a screen reader: name, status, pods.
    NodeLabel: "Node {}, {}, {} pods", "ノード {}、{}、Pod {} 個";
    /// A pod, for a screen reader: name, status, ready, node.
    PodLabel: "Pod {}, {}, ready {}, on {}", "Pod {}、{}、準備完了 {}、{} 上";
    /// A pod without a node.
    PodLabelPending: "Pod {}, {}, no node yet", "Pod {}、{}、ノード未定";
    /// A claim, for a screen reader: name, phase, capacity, pods.
    ClaimLabel: "Claim {}, {}, {}, used by {}", "ボリューム要求 {}、{}、{}、使用元 {}";
    /// A claim without pods.
    NoPod: "no pod", "Pod なし";
    /// Of a node.
    Cpu: "CPU", "CPU";
    /// Of a node.
    Memory: "Memory", "メモリ";
    /// A picture's state.
    StatePending: "waits for a node", "ノード待ち";
    /// A picture's state.
    StatePulling: "pulls its image", "イメージ取得中";
    /// A picture's state.
    StateCreating: "is being created", "作成中";
    /// A picture's state.
    StateRunning: "runs, not ready", "実行中・未準備";
    /// A picture's state.
    StateReady: "ready", "準備完了";
    /// A picture's state.
    StateFailing: "fails", "失敗";
    /// A picture's state.
    StateSucceeded: "has finished", "終了";
    /// A picture's state.
    StateTerminating: "is stopping", "停止中";
    /// A picture's state.
    StateUnknown: "its node is silent", "ノード応答なし";
    /// The panel about one object.
    Inspector: "Details", "詳細";
    /// The panel without an object.
    InspectorHint: "Choose a pod, claim or node to see why it is as it is.", "Pod・ボリューム要求・ノードを選ぶと、その状態の理由が表示されます。";
    /// Field.
    FieldStatus: "Status", "状態";
    /// Field.
    FieldNode: "Node", "ノード";
    /// Field.
    FieldAddress: "Address", "アドレス";
    /// Field.
    FieldOwner: "Owner", "所有者";
    /// Field.
    FieldRevision: "Revision", "リビジョン";
    /// Field.
    FieldImages: "Image", "イメージ";
    /// Field.
    FieldRestarts: "Restarts", "再起動";
    /// Field.
    FieldVolume: "Volume", "ボリューム";
    /// Field.
    FieldCapacity: "Capacity", "容量";
    /// Field.
    FieldClass: "Class", "クラス";
    /// Field.
    FieldPods: "Pods", "Pod";
    /// Field.
    FieldTaints: "Taints", "Taint";
    /// Field.
    FieldWhy: "Why", "理由";
    /// Field.
    FieldClaims: "Claims", "ボリューム要求";
    /// The revision that pods are getting.
    RevisionNew: "new", "新";
    /// The revision that pods had.
    RevisionOld: "old", "旧";
    /// Button: types a command.
    TypeCommand: "Type: {}", "入力：{}";
    /// Dialog.
    EditorTitle: "Editing {}", "{} を編集";
    /// Button.
    EditorSave: "Save and close", "保存して閉じる";
    /// Button.
    EditorCancel: "Close without saving", "保存せずに閉じる";
    /// Label.
    EditorText: "Text", "本文";
    /// Dialog.
    ReportTitle: "The engine has stopped: a bug of ours", "エンジンが停止しました（こちらの不具合です）";
    /// Dialog.
    ReportBody: "Nothing that you did before is lost. You can go back to just before it, and carry on. The report below has the seed and everything needed to see the same bug again.", "これまでの操作は失われていません。直前の状態に戻って続けられます。下の報告には、同じ不具合を再現するためのシードと操作記録が入っています。";
    /// Label.
    ReportText: "Report", "報告";
    /// Button.
    ReportGoBack: "Go back to before it", "直前の状態に戻る";
    /// Button.
    ReportRestart: "Start again with a new cluster", "新しいクラスターで始める";
    /// Button.
    Close: "Close", "閉じる";
    /// Note.
    Unkept: "This browser does not let the page keep the session: a reload loses it.", "このブラウザーではセッションを保存できません。再読み込みすると失われます。";
    /// Tabs of a narrow screen.
    Views: "Views", "表示の切り替え";
    /// Section.
    Lesson: "Lesson", "レッスン";
    /// A lesson's name.
    LessonStatefulSetBasics: "StatefulSet basics", "StatefulSetの基本";
    /// A lesson's name.
    LessonWordPress: "WordPress with MySQL", "WordPressとMySQL";
    /// A lesson's name.
    LessonZooKeeper: "ZooKeeper", "ZooKeeper";
    /// A lesson's name.
    LessonCassandra: "Cassandra", "Cassandra";
    /// Label of the menu.
    LessonChoose: "Choose a lesson", "レッスンを選ぶ";
    /// Button: a new cluster with the lesson's nodes and files.
    LessonBegin: "Begin with a new cluster", "新しいクラスターで始める";
    /// How far the reader is.
    LessonScore: "{} of {}", "{} / {}";
    /// While it is fetched.
    LessonLoading: "The lesson is loading…", "レッスンを読み込んでいます…";
    /// It cannot be had.
    LessonFailed: "The lesson cannot be shown: {}", "レッスンを表示できません：{}";
    /// Button: types a block.
    LessonRun: "Run in terminal {}", "ターミナル {} で実行";
    /// Button: types lines for the program that runs.
    LessonType: "Type into terminal {}", "ターミナル {} に入力";
    /// Beside a block.
    LessonTyped: "✓ run", "✓ 実行済み";
    /// A block for the shell is not typed into a program.
    LessonAnotherReads: "Terminal {} is inside a program. Leave it first, with exit or Ctrl-D.", "ターミナル {} ではまだ別のプログラムが動いています。先に exit か Ctrl-D で抜けてください。";
    /// A block for a program is not typed into the shell.
    LessonNobodyReads: "In terminal {} there is no program that reads this. Run the block before it first.", "ターミナル {} にはこれを読むプログラムがありません。先に前のブロックを実行してください。";
    /// Beside a watch.
    LessonGoesOn: "goes on until Ctrl-C", "Ctrl-C を押すまで続きます";
    /// Expected output.
    LessonExpected: "You will see", "表示される内容";
    /// Expected output of another terminal.
    LessonExpectedAt: "Terminal {} shows", "ターミナル {} の表示";
    /// Of a part of the expected output.
    LessonDiffers: "is another value in your cluster", "実際の値はクラスターによって異なります";
    /// Button: puts a file into the home directory.
    LessonSave: "Write {} to the home directory again", "{} をホームディレクトリに書き直す";
    /// Before conditions.
    LessonWaits: "Wait until:", "次の状態になるまで待ちます：";
    /// The same, after it.
    LessonWaited: "This has come true:", "次の状態になりました：";
    /// A gate.
    LessonGate: "Checkpoint. It turns green by itself when the cluster is there.", "チェックポイント。クラスターがこの状態になると、自動的に緑になります。";
    /// A gate that is reached.
    LessonReached: "Checkpoint reached.", "チェックポイントに到達しました。";
    /// A gate that was asked about.
    LessonNotYet: "Not yet. Compare what is checked with what your cluster says.", "まだです。確認内容とクラスターの状態を見比べてください。";
    /// Of a gate.
    LessonWhatIsChecked: "What is checked", "確認内容";
    /// Button.
    LessonCheckNow: "Check now", "今すぐ確認";
    /// Folded.
    LessonHint: "Hint", "ヒント";
    /// Folded.
    LessonSolution: "Solution", "解答";
    /// The little browser's name.
    Browser: "Browser", "ブラウザー";
    /// Button.
    BrowserBack: "Back", "戻る";
    /// Button.
    BrowserReload: "Reload", "再読み込み";
    /// Field.
    BrowserAddress: "Address", "アドレス";
    /// Button.
    BrowserGo: "Go", "移動";
    /// While a page is on its way.
    BrowserLoading: "The page is on its way. It comes as virtual time passes.", "ページを待っています。仮想時間が進むと届きます。";
    /// Before the first page.
    BrowserHint: "This browser sees what your own machine would see of the cluster: node ports (minikube service NAME --url) and forwarded ports (kubectl port-forward).", "このブラウザーには、手元のマシンから見えるものだけが見えます。ノードポート（minikube service 名前 --url）と、転送したポート（kubectl port-forward）です。";
    /// Heading.
    BrowserNoPage: "There is no page here", "ページを表示できません";
    /// Why.
    BrowserBadAddress: "{} is not an HTTP address.", "{} は HTTP のアドレスではありません。";
    /// Why.
    BrowserNoName: "The name in {} has no address outside of the cluster.", "{} の名前には、クラスターの外から使えるアドレスがありません。";
    /// Why.
    BrowserRefused: "{} refused the connection: nobody listens there.", "{} は接続を拒否しました。待ち受けているものがありません。";
    /// Why.
    BrowserUnreachable: "There is no way to {} from your machine.", "手元のマシンから {} への経路がありません。";
    /// Why.
    BrowserEmpty: "{} closed the connection without an answer.", "{} は応答せずに接続を閉じました。";
    /// Why.
    BrowserTimeout: "{} took too long to answer.", "{} の応答に時間がかかりすぎました。";
    /// Why.
    BrowserRedirects: "{} redirects without end.", "{} のリダイレクトが終わりません。";
}

/// A length of time as `1:02:03`, from microseconds.
pub fn elapsed(us: u64) -> String {
    let seconds = us / 1_000_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_followed() {
        assert_eq!(Language::preferred(["fr-FR", "ja-JP", "en"]), Language::Ja);
        assert_eq!(Language::preferred(["fr"]), Language::En);
        assert_eq!(Language::preferred([]), Language::En);
    }

    #[test]
    fn both_languages_have_the_same_gaps_and_say_something() {
        for &text in TEXTS {
            let (english, japanese) = text.both();
            assert_eq!(english.matches("{}").count(), japanese.matches("{}").count(), "{text:?}");
            assert!(!english.is_empty() && !japanese.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn gaps_are_filled_in_order() {
        assert_eq!(Language::En.fill(Text::BudgetHealthy, &["3", "4", "2"]), "3 of 4 healthy, 2 needed");
    }

    #[test]
    fn lengths_of_time() {
        assert_eq!((elapsed(61_000_000), elapsed(3_723_999_999)), ("1:01".into(), "1:02:03".into()));
    }
}
