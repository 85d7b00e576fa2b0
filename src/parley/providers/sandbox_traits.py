"""The little that sandbox models know of the world: what common options are good for, and what words ask for it.

Rules of thumb as data, written for this project. Nothing here is a fact about prices, versions or dates.
"""

TRAITS = {
    "simple": "the simplest to set up and keep running",
    "cheap": "the cheaper one",
    "fast": "quick",
    "safe": "the safer, better proven one",
    "scale": "the one with room to grow",
    "flexible": "easy to change later",
    "control": "the one that keeps control in your own hands",
    "depth": "the one with more depth",
    "social": "the one that brings people together",
    "focus": "the one that leaves room to concentrate",
    "green": "the lighter one for the environment",
    "fun": "the more enjoyable one",
}
"""Trait -> how it is said of an option: `SQLite is …`."""

LACKS = {
    "simple": "it takes more care",
    "cheap": "it costs more",
    "fast": "it is slower",
    "safe": "it is less proven",
    "scale": "it has less room to grow",
    "flexible": "it is harder to change later",
    "control": "it leaves more in other hands",
    "depth": "it goes less deep",
    "social": "it brings people together less",
    "focus": "it leaves less room to concentrate",
    "green": "it weighs more on the environment",
    "fun": "it is less enjoyable",
}

OPTIONS: dict[str, dict[str, int]] = {
    name: {word.rstrip("+"): 2 if word.endswith("+") else 1 for word in traits.split()}
    for names, traits in (
        ("sqlite", "simple+ cheap fast control"),
        ("postgres postgresql", "safe+ scale+ flexible"),
        ("mysql mariadb", "safe scale"),
        ("mongodb mongo nosql", "flexible+ scale fast"),
        ("sql relational", "safe+ depth"),
        ("redis valkey memcached cache", "fast+"),
        ("spreadsheet excel csv", "simple+ cheap flexible"),
        ("database", "safe scale+"),
        ("json", "simple flexible"),
        ("xml", "depth safe"),
        ("yaml toml", "simple"),
        ("protobuf grpc binary", "fast+ scale"),
        ("rest http", "simple+ safe"),
        ("graphql", "flexible+"),
        ("websocket websockets", "fast"),
        ("polling", "simple+"),
        ("monolith", "simple+ cheap fast"),
        ("microservice microservices", "scale+ flexible"),
        ("serverless lambda", "cheap scale simple"),
        ("kubernetes k8s", "scale+ safe"),
        ("docker container containers", "flexible safe"),
        ("vm vms server", "control simple"),
        ("cloud saas managed hosted", "simple+ scale"),
        ("onprem own", "control+ safe"),
        ("python", "simple+ flexible depth"),
        ("javascript", "flexible fast"),
        ("typescript typed types static", "safe+ scale"),
        ("go golang", "fast simple scale"),
        ("rust", "fast+ safe+"),
        ("java kotlin", "safe scale"),
        ("bash shell script", "simple+ fast"),
        ("react vue svelte", "flexible scale"),
        ("html plain", "simple+ fast cheap"),
        ("linux", "control+ cheap"),
        ("windows mac macos", "simple"),
        ("native", "fast depth"),
        ("web browser", "simple+ scale cheap"),
        ("app", "depth fun"),
        ("build", "control+ flexible"),
        ("buy", "simple+ fast safe"),
        ("rewrite", "flexible depth"),
        ("refactor incremental gradually iterate", "safe+ simple"),
        ("rollback revert", "safe+ fast"),
        ("wait postpone delay later", "safe+ cheap"),
        ("now ship launch today", "fast+"),
        ("weekly", "simple cheap"),
        ("daily", "fast social"),
        ("monthly quarterly", "cheap focus"),
        ("remote home wfh", "focus+ cheap flexible green"),
        ("office onsite", "social+ fast"),
        ("hybrid", "flexible+ social"),
        ("email mail async written", "focus+ cheap depth"),
        ("meeting call workshop", "social+ fast"),
        ("chat slack", "fast+ social"),
        ("document docs wiki", "depth+ safe"),
        ("hire employee", "depth scale"),
        ("contractor freelancer outsource", "fast flexible"),
        ("train rail", "green+ focus simple"),
        ("plane fly flight", "fast+"),
        ("car drive driving", "flexible+ control"),
        ("bus tram", "cheap+ green"),
        ("bike bicycle cycling walk walking", "cheap+ green+ fun"),
        ("rent renting lease", "flexible+ simple"),
        ("mortgage owning", "control+ safe"),
        ("save saving savings", "safe+ cheap"),
        ("invest investing stocks", "scale+"),
        ("cash", "simple safe"),
        ("loan credit debt", "fast scale"),
        ("tea", "cheap focus"),
        ("coffee", "fast fun social"),
        ("cat cats", "simple+ cheap"),
        ("dog dogs", "social+ fun"),
        ("beach sea", "fun+ simple"),
        ("mountain mountains hiking", "fun focus green"),
        ("city", "social+ fun"),
        ("village countryside country", "cheap focus+ green"),
        ("pizza burger", "fun+ social fast"),
        ("salad soup", "green simple cheap"),
        ("sushi", "fun depth"),
        ("book books reading", "depth+ cheap focus"),
        ("film movie video", "fun+ simple"),
        ("course class tutor", "depth+ social"),
        ("test tests testing", "safe+"),
        ("feature features", "fun scale"),
        ("bug bugs fix fixing", "safe+ simple"),
        ("quality", "safe+ depth"),
        ("speed", "fast+"),
        ("security", "safe+"),
        ("solar wind renewable", "green+ cheap"),
        ("gas coal oil", "fast"),
        ("nuclear", "scale+ green"),
        ("tabs", "simple flexible"),
        ("spaces", "safe"),
        ("vim emacs", "control+ fast"),
        ("ide vscode", "simple+ depth"),
        ("merge", "simple"),
        ("rebase", "depth control"),
        ("free open opensource", "cheap+ control"),
        ("paid premium", "depth safe"),
        ("basic small minimal simple", "simple+ cheap"),
        ("large big full enterprise", "scale+ depth"),
        ("manual manually", "control+ flexible"),
        ("automatic automate automated", "fast+ scale"),
    )
    for name in names.split()
}
"""An option's word -> its traits, 1 or 2 strong."""

CUES: dict[str, dict[str, int]] = {
    name: {word.rstrip("+"): 2 if word.endswith("+") else 1 for word in traits.split()}
    for names, traits in (
        (
            "small tiny little internal prototype mvp hobby side solo alone single simple easy easier basic",
            "simple+ cheap",
        ),
        ("beginner beginners first start starting quickstart newcomer students", "simple+"),
        ("cheap cheaper budget cost costs money afford price inexpensive", "cheap+"),
        ("fast faster fastest quick quickly speed latency performance urgent hurry deadline soon today", "fast+"),
        ("large larger big scale scaling million millions growth growing traffic global enterprise load", "scale+"),
        (
            "production critical secure security safe safety reliable reliability bank medical legal risk risky stable",
            "safe+",
        ),
        ("customers users team teams several multiple concurrent many company", "scale safe"),
        ("change changes changing flexible evolve experiment unclear unknown", "flexible+"),
        ("private privacy offline own control independent sovereignty", "control+"),
        ("learn understand detailed depth research thorough explain study", "depth+"),
        ("focus concentrate deep quiet productivity productive work", "focus"),
        ("friends family kids children together party community culture colleagues meet", "social+"),
        ("climate environment green sustainable eco carbon", "green+"),
        ("fun enjoy holiday vacation weekend relax birthday", "fun+"),
        ("maintain maintenance years legacy", "safe simple"),
    )
    for name in names.split()
}
"""A word of the question -> the traits that it asks for."""

MOVES: dict[str, tuple[int, str]] = {
    word: (lean, reason)
    for word_list, lean, reason in (
        ("test tests testing", 2, "what is tested can be changed without fear"),
        ("backup backups", 2, "a backup costs little and is missed once only"),
        ("document documentation docs", 1, "what is written down need not be asked again"),
        ("measure metrics monitoring monitor", 2, "a number ends most arguments"),
        ("learn learning practise practice", 1, "what is learned stays"),
        ("automate automation ci", 1, "what is done often and by hand will go wrong by hand"),
        ("review reviews", 1, "a second pair of eyes is cheap"),
        ("upgrade update patch", 1, "waiting makes the step larger"),
        ("simplify remove", 1, "what is gone needs no care"),
        ("try pilot experiment prototype trial", 2, "a small trial can be taken back"),
        ("opensource", 1, "others can check and mend it"),
        ("ask apologise apologize talk", 1, "asking costs less than guessing"),
        ("sleep exercise rest walk", 2, "it is cheap and rarely regretted"),
        ("save", 1, "a reserve buys time"),
        ("rewrite", -2, "a rewrite throws away what nobody wrote down"),
        ("friday weekend", -1, "nobody is there on the day after"),
        ("delete drop erase", -2, "it can't be taken back"),
        ("quit resign", -1, "it is hard to take back"),
        ("migrate migration", -1, "the move itself is the risk"),
        ("microservices kubernetes blockchain", -2, "it brings more parts than most problems have"),
        ("everything everyone all always", -1, "a rule without exceptions meets its exception soon"),
        ("never ban forbid", -1, "forbidding moves the problem out of sight"),
        ("outsource", -1, "knowledge leaves with the work"),
        ("borrow loan debt gamble bet", -2, "the cost is sure and the gain is not"),
        ("skip ignore", -2, "what is skipped comes back at a worse time"),
        ("production", -1, "others depend on it"),
        ("untested", -2, "nobody knows what it does"),
    )
    for word in word_list.split()
}
"""A word of a proposal -> how far it speaks for (positive) or against doing it, and why."""

TOPICS: dict[str, str] = {
    label: words
    for labels, words in (
        (
            "billing invoice payment payments finance accounting",
            "invoice charge charged refund payment paid pay vat tax price card bill billed money subscription receipt",
        ),
        (
            "technical tech bug support engineering it incident",
            "error crash crashes broken bug login install slow fails failed exception timeout server app "
            "screen loading update",
        ),
        ("feature enhancement idea", "add wish would nice support option missing could want request"),
        ("sales marketing", "quote demo licence license buy purchase plan offer discount pricing trial order"),
        ("account access security login", "password account email profile login locked sign username verify hacked"),
        ("shipping delivery logistics", "parcel package delivery shipped arrived courier tracking address late post"),
        (
            "spam phishing scam",
            "winner prize click free urgent congratulations lottery claim bitcoin transfer bank verify offer",
        ),
        (
            "high urgent critical severe blocker p1",
            "urgent down outage immediately asap all customers data loss lost production breach cannot "
            "security emergency",
        ),
        ("low minor trivial cosmetic p3", "typo cosmetic minor someday nice small colour color spelling whenever"),
        ("sport sports", "match team goal player league coach win score season game"),
        ("politics policy government", "election minister parliament vote law government president party"),
        ("business economy", "market shares profit company revenue bank sales quarter growth"),
        ("science health", "study researchers patients cells disease climate energy experiment"),
        ("complaint", "disappointed refund broken terrible late rude never again unacceptable"),
        ("praise compliment", "thank thanks great excellent love happy wonderful helpful"),
    )
    for label in labels.split()
}
"""A label's word -> words of texts that such a label fits."""
