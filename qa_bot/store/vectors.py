"""Nearest: unit vectors, and the rows of those nearest to a query.

The only file that imports faiss. ``index.py`` knows what the rows are of.
"""

from math import isqrt
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from qa_bot.models.embedder import Vectors
from qa_bot.store.atomic import Buffer

# Comparing with every vector takes a tenth of an answer's time at about so many: 16 ms at 100,000,
# where an answer takes 115 (``python -m benchmarks scale``, ``python -m benchmarks.timing``).
EXACT_UP_TO = 70_000  # vectors
NPROBE = 7  # one cell of so many is searched
MIN_NPROBE = 32  # cells
TRAINED_ON = 64  # vectors for each cell, whose means the cells are
ROUNDS = 10  # of k-means
OUTGROWN = 4  # times as many vectors as when the cells were made, and they are made anew

Rows = npt.NDArray[np.int64]


class VectorIndex:
    """Unit vectors; row ``n`` is the n-th that was added. It never changes; threads may share it.

    Few are all compared with a query. Many are kept in cells, each of the vectors nearest to one
    of about 2 √n centres (FAISS's IndexIVFFlat), and only the cells nearest to the query are
    searched; the vectors stay what they are, and so do their scores.
    """

    def __init__(self, index: Any, data: Buffer = b"") -> None:
        """Take an IndexFlatIP or IndexIVFFlat, and the bytes that it may be a view of."""
        self._index: Any = index
        self._data = data  # held, or the view would be of nothing

    @classmethod
    def build(cls, matrix: Vectors) -> Self:
        """Keep vectors ``(n, dim)``: all their own, in cells when they are many."""
        import faiss

        count, dimension = matrix.shape
        if count <= EXACT_UP_TO:
            flat = faiss.IndexFlatIP(dimension)
            flat.add(matrix)
            return cls(flat)
        centres = faiss.IndexFlatIP(dimension)
        number = 2 * isqrt(count)
        cells = faiss.IndexIVFFlat(centres, dimension, number, faiss.METRIC_INNER_PRODUCT)
        cells.cp.min_points_per_centroid = 1
        cells.cp.max_points_per_centroid = TRAINED_ON
        cells.cp.niter = ROUNDS
        cells.train(matrix)
        return cls(_filled(cells, matrix))

    @classmethod
    def restore(cls, data: Buffer) -> Self:
        """Take the vectors of what ``serialize`` gave, without copying them.

        Raises ValueError or RuntimeError for other bytes.
        """
        import faiss

        view = np.frombuffer(data, dtype=np.uint8)
        reader = faiss.ZeroCopyIOReader(  # type: ignore[attr-defined]
            faiss.swig_ptr(view), view.size
        )
        index = faiss.read_index(reader, faiss.IO_FLAG_MMAP_IFC)
        if type(index) not in (faiss.IndexFlatIP, faiss.IndexIVFFlat):
            raise ValueError(f"{type(index).__name__} is of no kind that is kept")
        return cls(index, data)

    @property
    def shape(self) -> tuple[int, int]:
        """How many vectors there are, and of how many numbers."""
        return self._index.ntotal, self._index.d

    def added(self, matrix: Vectors) -> Self:
        """Return these vectors and more ``(n, dim)`` after them."""
        count = len(self) + len(matrix)
        if not self._in_cells() or count > OUTGROWN * (self._index.nlist // 2) ** 2:
            return type(self).build(np.vstack([self.matrix(), matrix]))
        return type(self)(_filled(_copied(self._index), matrix))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def serialize(self) -> memoryview:
        """Return bytes, the same for the same vectors added in the same steps."""
        import faiss

        return memoryview(faiss.serialize_index(self._index))  # type: ignore[arg-type]

    def matrix(self, rows: range | None = None) -> Vectors:
        """Return the vectors ``(n, dim)`` of successive rows, or of all; a copy."""
        first, count = (0, len(self)) if rows is None else (rows.start, len(rows))
        matrix: Vectors = self._index.reconstruct_n(first, count)
        return matrix

    def search(self, vector: Vectors, k: int, among: Rows | None = None) -> list[tuple[int, float]]:
        """Return the ``k`` rows nearest to a unit vector ``(dim,)`` and their cosines, best first.

        ``among``: the rows to choose from, none left out; None for all, in which an approximate
        search may miss some. Equal ones come by row.
        """
        size = len(self) if among is None else len(among)
        if not size:  # FAISS wants k >= 1
            return []
        scores, rows = self._index.search(
            vector[np.newaxis], min(k, size), params=self._parameters(among)
        )
        found = zip(rows[0].tolist(), scores[0].tolist(), strict=True)
        return sorted((one for one in found if one[0] >= 0), key=lambda one: (-one[1], one[0]))

    def _parameters(self, among: Rows | None) -> Any:
        """Return how to search: every cell when rows are chosen, else those nearest."""
        import faiss

        if not self._in_cells() and among is None:
            return None
        found: Any = faiss.SearchParametersIVF() if self._in_cells() else faiss.SearchParameters()
        if self._in_cells():
            cells = self._index.nlist
            found.nprobe = max(MIN_NPROBE, cells // NPROBE) if among is None else cells
        if among is not None:
            found.sel = faiss.IDSelectorBatch(among)
        return found

    def _in_cells(self) -> bool:
        return hasattr(self._index, "nlist")


def _filled(cells: Any, matrix: Vectors) -> Any:
    """Add vectors to cells, and keep in which cell each is, so that it can be read again."""
    import faiss

    cells.add(matrix)
    cells.set_direct_map_type(faiss.DirectMap.Array)  # type: ignore[attr-defined]
    return cells


def _copied(cells: Any) -> Any:
    """Copy cells with all that is in them; FAISS's own copy of a view is a view still."""
    import faiss

    centres = faiss.IndexFlatIP(cells.d)
    centres.add(cells.quantizer.reconstruct_n(0, cells.nlist))
    copy = faiss.IndexIVFFlat(centres, cells.d, cells.nlist, cells.metric_type)
    every = faiss.InvertedLists.SUBSET_TYPE_ID_RANGE  # type: ignore[attr-defined]
    cells.copy_subset_to(copy, every, 0, cells.ntotal)
    return copy
