"""A WordNet with a few words, in the format of the real files."""

from pathlib import Path

LICENCE = "  1 This is not the licence of WordNet.  \n"
# place, file, kind, words (hexadecimal), each with a number, pointers, each of four fields
FILES = {
    "data.noun": """\
00000010 15 n 01 compass_point 0 003 ~ 00000020 n 0000 ~ 00000030 n 0000 ~ 00000040 n 0000 | a
00000020 15 n 02 north 0 northward 0 002 @ 00000010 n 0000 ! 00000030 n 0101 | to the left of east
00000030 15 n 01 south 0 002 @ 00000010 n 0000 ! 00000020 n 0101 | warm
00000040 15 n 02 east 0 orient 1 001 @ 00000010 n 0000 | where the sun rises
00000045 18 n 01 soldier 0 000 | who serves in an army
00000046 27 n 01 water 0 000 | wet
00000047 27 n 01 oxygen 0 000 | breathed
""",
    "index.noun": """\
north n 1 2 @ ! 1 1 00000020
south n 1 2 @ ! 1 0 00000030
east n 1 1 @ 1 1 00000040
soldier n 1 0 1 1 00000045
water n 1 0 1 1 00000046
oxygen n 1 0 1 1 00000047
""",
    "data.verb": """\
00000050 30 v 02 free 0 release 0 002 ! 00000060 v 0101 @ 00000070 v 0000 01 + 08 00 | let go
00000060 30 v 01 hold 0 002 ! 00000050 v 0101 @ 00000070 v 0000 01 + 08 00 | keep
00000070 30 v 01 move 0 002 ~ 00000050 v 0000 ~ 00000060 v 0000 01 + 08 00 | go
""",
    "index.verb": "release v 1 2 ! @ 1 1 00000050\n",
    "data.adj": "00000080 00 s 02 large 0 big(p) 0 001 ! 00000090 a 0202 | wide\n"
    "00000090 00 a 02 tiny 0 little 0 001 ! 00000080 a 0202 | not wide\n"
    "00000095 00 a 02 wounded 0 any 0 000 | hurt; whichever\n",
    "index.adj": "large a 1 1 ! 1 1 00000080\nbig a 1 1 ! 1 1 00000080\n"
    "wounded a 1 0 1 1 00000095\nany a 1 0 1 1 00000095\n",
}


def write_wordnet(folder: Path) -> Path:
    """Write the files into a folder and return it."""
    for name, text in FILES.items():
        (folder / name).write_text(LICENCE + text, encoding="latin-1")
    return folder
