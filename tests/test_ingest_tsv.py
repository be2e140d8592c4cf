from ingest.tsv import parse

HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
ROWS = (
    "4\t1\t1\t1\t1\t0\t10\t10\t90\t20\t-1\t\n"
    "5\t1\t1\t1\t1\t1\t10\t10\t40\t20\t96.04\tLes\n"
    "5\t1\t1\t1\t1\t2\t60\t10\t40\t20\t90\tforêts\n"
    "5\t1\t1\t1\t2\t1\t10\t40\t40\t20\t80\t \n"
    "5\t1\t1\t2\t1\t1\t10\t70\t40\t20\t70\ta b\n"
    "5\t1\t2\n"
)


def test_words_come_by_paragraph_and_line_with_their_boxes() -> None:
    blocks = parse(HEADER + ROWS)
    assert [[[word.text for word in line] for line in block] for block in blocks] == [[["Les", "forêts"]], [["a", "b"]]]
    first = blocks[0][0][0]
    assert (first.box, first.confidence) == ((10, 10, 50, 30), 96.0)


def test_the_header_may_be_missing() -> None:
    assert parse(ROWS) == parse(HEADER + ROWS)
    assert parse("") == ()
