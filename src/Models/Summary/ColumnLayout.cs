namespace Fovea.Models.Summary;

/// <summary>
/// Lays out a graph in layers from top to bottom, and divides a long layout into columns from left to right. A cut between columns is
/// possible where all edges that cross it come from the box directly before it. A connector line leads from the bottom of each column to
/// the top of the next column. All lengths are in pixels.
/// </summary>
internal sealed class ColumnLayout
{
    // LowStrip is the height up to which a layout is not divided. Aspect is the desired ratio of width to height. Gutter is the distance
    // between columns.
    private const double LowStrip = 2_000, Aspect = 1.4, Gutter = 72;

    private readonly List<Column> columns = [];

    /// <param name="boxes">The boxes, in topological order.</param>
    /// <param name="edges">The indices of source and target of each edge, as <see cref="LayeredLayout"/> takes them.</param>
    public ColumnLayout(IReadOnlyList<LayeredLayout.Box> boxes, IEnumerable<(int From, int To)> edges)
    {
        var strip = new LayeredLayout(boxes, edges);
        int[] starts = [0, .. Cuts(strip, boxes.Count), boxes.Count];
        foreach (var (start, end) in starts.Zip(starts.Skip(1)))
        {
            double left = columns.Count == 0 ? 0 : Width + Gutter;
            columns.Add(starts.Length == 2 ? new(strip, end) : new(boxes, strip.Paths, start, end, left));
            Width = left + columns[^1].Layout.Width;
            Height = Math.Max(Height, columns[^1].Layout.Height);
        }
    }

    /// <summary>The width of the whole layout; 0 without boxes.</summary>
    public double Width { get; }

    /// <summary>The height of the whole layout; 0 without boxes.</summary>
    public double Height { get; }

    /// <summary>The left upper corner of a box. The layout's left upper corner is (0, 0).</summary>
    public (double X, double Y) Corner(int box)
    {
        var column = columns.First(column => box < column.End);
        return column.Corner(column.Item(box));
    }

    /// <summary>The points of each edge and each connector, and whether the line ends in an arrow.</summary>
    public IEnumerable<((double X, double Y)[] Points, bool HasArrow)> Paths() =>
        columns.SelectMany(column => column.Paths()).Concat(columns.Zip(columns.Skip(1), Connector));

    // The line from the exit at the bottom of a column, through the gutter, to the entry at the top of the next column.
    private static ((double X, double Y)[] Points, bool HasArrow) Connector(Column column, Column next)
    {
        var ((fromX, fromY), (toX, toY)) = (column.Corner(column.Exit), next.Corner(0));
        double gutter = next.Left - (Gutter / 2);
        return ([(fromX, fromY), (gutter, fromY), (gutter, toY), (toX, toY)], false);
    }

    // The index of the first box of each column after the first column.
    private static IEnumerable<int> Cuts(LayeredLayout strip, int boxes)
    {
        int count = strip.Height <= LowStrip ? 1 : (int)Math.Round(Math.Sqrt(Aspect * strip.Height / (strip.Width + Gutter)));
        var possible = PossibleCuts(strip, boxes);
        int last = 0;
        for (int column = 1; column < count; column++)
        {
            double wanted = strip.Height * column / count;
            int best = possible.Where(cut => cut > last).DefaultIfEmpty().MinBy(cut => Math.Abs(strip.Corner(cut).Y - wanted));
            if (best > 0)
            {
                yield return last = best;
            }
        }
    }

    // A cut before box i is possible if an edge from box i - 1 crosses it, and no edge from an earlier box does.
    private static int[] PossibleCuts(LayeredLayout strip, int boxes)
    {
        var crossings = new int[boxes + 1];
        var hasReader = new bool[boxes];
        foreach (var (from, to) in strip.Paths)
        {
            hasReader[from] = true;
            if (to > from + 1)
            {
                crossings[from + 2]++;
                crossings[to + 1]--;
            }
        }

        int open = 0;
        var cuts = new List<int>();
        for (int i = 1; i < boxes; i++)
        {
            open += crossings[i];
            if (open == 0 && hasReader[i - 1])
            {
                cuts.Add(i);
            }
        }

        return [.. cuts];
    }

    // A column of boxes. The items of its layout are the boxes; before them, except in the first column, an entry, which is a point at the
    // top; and after them, except in the last column, an exit, which is a point at the bottom.
    private sealed class Column
    {
        private readonly int start, shift;
        private readonly HashSet<(int From, int To)> drawn;

        /// <summary>Creates the only column of a layout that is not divided.</summary>
        public Column(LayeredLayout strip, int boxes) => (Layout, End, drawn) = (strip, boxes, [.. strip.Paths]);

        /// <summary>
        /// Creates a column with the boxes from index <paramref name="start"/> up to, but not including, <paramref name="end"/>.
        /// </summary>
        public Column(
            IReadOnlyList<LayeredLayout.Box> boxes, IReadOnlyList<(int From, int To)> paths, int start, int end, double left)
        {
            (this.start, End, Left, shift) = (start, end, left, start == 0 ? 0 : 1);
            var own = paths.Where(path => path.To >= start && path.To < end).Select(path => (Math.Max(0, Item(path.From)), Item(path.To)));
            drawn = [.. own];
            List<LayeredLayout.Box> items = [.. boxes.Skip(start).Take(end - start)];
            List<(int, int)> hidden = [];
            if (start > 0)
            {
                // Edges that are not drawn lead from the entry to the boxes, so that all boxes are placed below the entry.
                items.Insert(0, default);
                hidden.AddRange(Enumerable.Range(1, end - start).Except(drawn.Select(edge => edge.To)).Select(item => (0, item)));
            }

            if (end < boxes.Count)
            {
                // Edges that are not drawn lead from the boxes to the exit, so that all boxes are placed above the exit.
                items.Add(default);
                hidden.AddRange(Enumerable.Range(shift, end - start).Except(drawn.Select(edge => edge.From)).Select(item => (item, Exit)));
                drawn.Add((Exit - 1, Exit));
            }

            Layout = new(items, [.. drawn, .. hidden]);
        }

        /// <summary>The index of the box after the column's last box.</summary>
        public int End { get; }

        /// <summary>The x coordinate of the column's left edge.</summary>
        public double Left { get; }

        public LayeredLayout Layout { get; }

        /// <summary>The index of the exit among the items of the column's layout.</summary>
        public int Exit => Item(End);

        /// <summary>The index of a box among the items of the column's layout; less than 1 if the box is in an earlier column.</summary>
        public int Item(int box) => box - start + shift;

        public (double X, double Y) Corner(int item)
        {
            var (x, y) = Layout.Corner(item);
            return (Left + x, y);
        }

        public IEnumerable<((double X, double Y)[] Points, bool HasArrow)> Paths() => Layout.Paths.Where(drawn.Contains)
            .Select(edge => (Layout.Points(edge).Select(point => (Left + point.X, point.Y)).ToArray(), edge.To != Exit));
    }
}
