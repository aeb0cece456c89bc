//! What people call columns, as [`plain_name`](crate::table::plain_name) writes it: in lower case, without what
//! stands between words. Names decide only between columns whose content allows it.

/// Text columns, the likeliest first.
pub(super) const TEXT: &str = "\
    text sentence sentence1 text1 texta premise question1 review reviewtext reviewbody comment commenttext \
    comments content contents body message messages tweet tweettext fulltext utterance post posttext document query \
    question description abstract passage paragraph input reviews texts sentences sms email mail transcript transcription \
    complaint complaints complainttext consumercomplaintnarrative feedback feedbacktext dialogue narrative article news statement claim headline summary title subject firsttext \
    texto texte testo tekst teksti текст 文本 テキスト 텍스트 نص sentence0 satz phrase frase oração oración zin предложение \
    句子 文 문장 kommentar commentaire comentario comentário commento комментарий 评论 评价 コメント 댓글 rezension avis \
    reseña resenha recensione recensie отзыв レビュー 리뷰 nachricht mensaje mensagem messaggio bericht сообщение 消息 \
    メッセージ 메시지 inhalt contenu contenido conteúdo contenuto inhoud содержание 内容 内容文 내용 本文 正文 文章 \
    frage pregunta pergunta domanda vraag вопрос 问题 質問 질문 beschreibung descripción descrição descrizione omschrijving \
    описание 描述 説明 설명 titel titre título titolo заголовок 标题 タイトル 제목";
/// Those of them that are the text whenever they are there.
pub(super) const STRONG: &str = "\
    text sentence review reviewtext reviewbody comment commenttext content body message tweet document post utterance \
    fulltext complaint complaints complainttext feedback feedbacktext texto texte testo tekst текст 文本 kommentar отзыв 评论";
/// Those of them that often stand beside a longer text, which is then the one.
pub(super) const WEAK: &str = "headline summary title subject titel titre título titolo заголовок 标题 タイトル 제목";
/// What pairs are numbered of that is no text by itself.
pub(super) const PAIRED: &str = "s t q sent string str statement seq sequence hyp segment snippet arg argument phrase \
                                 satz frase phrase";
/// A second text, whatever the first is called.
pub(super) const PAIR: &str = "sentence2 text2 textb hypothesis hypo question2 pair secondtext response textpair";
/// Columns that are read together, where neither name alone says that there are two.
pub(super) const PARTNERS: [(&str, &str); 13] = [
    (
        "premise premisa premissa premisse premessa prämisse premiss посылка 前提 전제",
        "hypothesis hypo hyp hypothese hypothèse hipotesis hipótesis hipotese hipótese ipotesi hypotes гипотеза \
         conclusion 假设 假設 仮説 가설",
    ),
    ("question", "sentence passage paragraph context document answersentence answertext"),
    ("query", "passage document doc sentence context paragraph producttitle productdescription title product answer"),
    ("claim", "evidence evidences evidencetext evidencesentence context abstract passage document sentence"),
    ("headline", "articlebody article"),
    ("anchor", "positive entailment target other"),
    ("source src", "target tgt trg"),
    ("context dialogue history", "response reply utterance continuation"),
    ("prompt instruction", "response reply completion output answer"),
    ("post tweet parentcomment", "reply response"),
    ("reference", "candidate prediction translation"),
    ("original sentence", "paraphrase rewrite simplified"),
    ("resume cv", "jobdescription job"),
];
pub(super) const LABEL: &str = "\
    label labels labeltext labelname goldlabel class classes classname category categories sentiment intent stance target \
    targets polarity emotion emotions score similarity similarityscore relatednessscore stars rating \
    overall annotation choice toxic toxicity spam isduplicate entailment entailmentjudgment kategorie categorie categoria \
    categoría catégorie klasse clase classe etiqueta etichetta étiquette rótulo cats topic topics tag tags genre output \
    answer y type verdict truthlabel labelid classid classindex kategoria kategori метка класс категория тональность \
    标签 標籤 类别 類別 分类 情感 ラベル カテゴリ カテゴリー 레이블 라벨 분류 감정 stimmung gefühl sentimento sentimiento \
    sentimenti bewertung estrellas 评分 department departments departement abteilung departamento département team queue \
    theme themes thema themen thème tema kind reason";
/// Labels by name alone: beside one of them, other columns of 0 and 1 are something else.
pub(super) const CLASS: &str = "label labels goldlabel class classes target targets y category";
pub(super) const QUESTION: &str = "question query questiontext";
pub(super) const CONTEXT: &str = "context passage paragraph document article story text";
pub(super) const ANSWERS: &str = "answers answer answertext";
/// Rows with the same value belong together.
pub(super) const GROUP: &str = "document group groupid documentid docid";
/// Columns that only number or describe the rows.
pub(super) const NEITHER: &str = "\
    id idx index uid guid rowid split language lang date time timestamp url link user userid username annotationid \
    annotatorid reviewerid reviewername createdat updatedat leadtime name profilename authorname file filename path \
    address postaladdress streetaddress street city zip zipcode postcode phone adresse anschrift strasse straße ort plz \
    dirección direccion endereço indirizzo адрес 地址 住所";
/// Columns that come again and again too, but are labels only where no other column can be.
pub(super) const ASIDE: &str =
    "annotator annotators reviewer worker workerid author authors status source domain dataset location";

/// What is counted of texts, so that a column of zeros is one of numbers.
const COUNTED: &str = "retweets retweet replies reposts shares likes favorites favourites upvotes downvotes ups downs votes \
     views clicks followers friends edits offset start begin end length num number count counts total year month day hour \
     row line page fold version";

/// Columns that tell who labelled a row.
pub(super) const ANNOTATORS: &str = "annotator annotatorid annotatorname worker workerid rater raterid coder coderid labeler labelerid labeller labellerid";

/// What the label of a column's own ends with, as `sentimentlabel` does.
const ENDINGS: [&str; 16] = [
    "label",
    "labels",
    "class",
    "category",
    "kategorie",
    "categoria",
    "etiqueta",
    "标签",
    "sentiment",
    "emotion",
    "intent",
    "polarity",
    "toxicity",
    "stimmung",
    "sentimento",
    "sentimiento",
];
/// What the names of columns of dates and times end with, as a word of its own.
const MOMENTS: &str = "date dates time datetime timestamp created updated published datum fecha дата 日期";
/// Words of columns that hold what people said, and of those that hold what a model did.
const GOLD: &str = "true truth gold golden groundtruth human actual expected reference manual";
const PREDICTED: &str = "pred preds predicted prediction predictions predicts model output outputs system bot machine llm gpt suggestion \
     suggestions suggested";

/// Whether a column is called a label.
pub(super) fn is_label(plain: &str) -> bool {
    is_in(LABEL, plain) || ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// Whether a column only numbers, dates or describes the rows.
pub(super) fn is_aside_by_name(name: &str, plain: &str) -> bool {
    let parts = parts(name);
    let is_moment = parts.last().is_some_and(|last| is_in(MOMENTS, last) || (last == "at" && parts.len() > 1));
    is_in(NEITHER, plain) || is_moment
}

/// Whether a name says that its column holds what is right.
pub(super) fn is_gold(name: &str) -> bool {
    parts(name).iter().any(|part| is_in(GOLD, part))
}

/// Whether a name says that its column holds what a model found, which is not to be learned where something else is.
pub(super) fn is_predicted(name: &str) -> bool {
    !is_gold(name) && parts(name).iter().any(|part| is_in(PREDICTED, part))
}

/// Whether a name says that its column counts or measures something.
pub(super) fn is_count(name: &str) -> bool {
    let parts = parts(name);
    parts.iter().any(|part| is_in(COUNTED, part)) || parts.last().is_some_and(|last| last.ends_with("count"))
}

pub(super) fn is_in(names: &str, plain: &str) -> bool {
    names.split_whitespace().any(|name| name == plain)
}

/// How likely a name is, the likeliest first and those that are not among the names last.
pub(super) fn rank(names: &str, plain: &str) -> usize {
    names.split_whitespace().position(|name| name == plain).unwrap_or(usize::MAX)
}

/// A name in parts: `sentence_A`, `sentenceA` and `Sentence A` are `sentence` and `a`.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for letter in name.chars() {
        if letter.is_alphanumeric() {
            let begins = before.is_none_or(|before| {
                !before.is_alphanumeric()
                    || before.is_ascii_digit() != letter.is_ascii_digit()
                    || (before.is_lowercase() && letter.is_uppercase())
            });
            if begins {
                parts.push(String::new());
            }
            if let Some(part) = parts.last_mut() {
                part.extend(letter.to_lowercase());
            }
        }
        before = Some(letter);
    }
    parts
}
