using Fovea.Models.Graphs;

namespace Fovea.Models.Summary;

/// <summary>
/// Lays out a directed acyclic graph in layers, with edges from top to bottom (after Sugiyama, Tagawa and Toda, 1981). A box's layer is
/// below the layers of all boxes from which edges lead to it. An edge that crosses a layer gets a lane in this layer, a narrow placeholder
/// that reserves space for the edge. The algorithm has three steps: assign layers, order the items within each layer, and compute their x
/// coordinates. All lengths are in pixels.
/// </summary>
internal sealed class LayeredLayout
{
    // Gap is the distance between items of a layer. Rise is the distance between layers. Weak is the weight of a preferred position that
    // matters only if there is no other.
    private const double Gap = 22, Rise = 34, LaneWidth = 10, Weak = 1.0 / 4096;
    private const int OrderSweeps = 8, PlaceSweeps = 12;

    // The items are the boxes, and after them the lanes. All fields below refer to an item by its index in this list.
    private readonly List<Box> items;
    private readonly int boxes;
    private readonly List<int> layerOf = [];
    private readonly List<List<int>> above = [], below = [];
    private readonly List<List<int>> layers = [];
    private readonly Dictionary<(int Source, int Layer), int> lanes;
    private readonly double[] tops;
    private readonly double[] heights;

    // The horizontal centre of each item.
    private readonly double[] x;

    /// <param name="boxes">The boxes, in topological order.</param>
    /// <param name="edges">
    /// The indices of the source and target of each edge. Edges to an earlier box, or to the same box, are ignored.
    /// </param>
    public LayeredLayout(IReadOnlyList<Box> boxes, IEnumerable<(int From, int To)> edges)
    {
        (this.boxes, items) = (boxes.Count, [.. boxes]);
        var forward = edges.Where(edge => edge.From < edge.To).Distinct().OrderBy(edge => edge.To).ThenBy(edge => edge.From).ToArray();
        Paths = forward;
        AddLayers(forward);
        lanes = AddLanes(forward);
        Order();
        (tops, heights, x) = (new double[layers.Count], new double[layers.Count], new double[items.Count]);
        Place();
        for (int layer = 0; layer < layers.Count; layer++)
        {
            heights[layer] = layers[layer].Max(item => items[item].Height);
            tops[layer] = layer == 0 ? 0 : tops[layer - 1] + heights[layer - 1] + Rise;
        }

        double left = items.Index().Select(item => x[item.Index] - item.Item.Width / 2).DefaultIfEmpty().Min();
        x = [.. x.Select(place => place - left)];
        Width = items.Index().Select(item => x[item.Index] + item.Item.Width / 2).DefaultIfEmpty().Max();
        Height = layers.Count == 0 ? 0 : tops[^1] + heights[^1];
    }

    /// <summary>The width of the whole layout; 0 without boxes.</summary>
    public double Width { get; }

    /// <summary>The height of the whole layout; 0 without boxes.</summary>
    public double Height { get; }

    /// <summary>The edges to draw, without duplicates.</summary>
    public IReadOnlyList<(int From, int To)> Paths { get; }

    /// <summary>The left upper corner of a box. The layout's left upper corner is (0, 0).</summary>
    public (double X, double Y) Corner(int box) => (x[box] - items[box].Width / 2, tops[layerOf[box]]);

    /// <summary>
    /// The points at which an edge leaves its source, enters and leaves each layer that it crosses, and enters its target.
    /// </summary>
    public IEnumerable<(double X, double Y)> Points((int From, int To) edge)
    {
        yield return (x[edge.From] + items[edge.From].Out, tops[layerOf[edge.From]] + items[edge.From].Height);
        yield return (x[edge.From] + items[edge.From].Out, tops[layerOf[edge.From]] + heights[layerOf[edge.From]]);
        for (int layer = layerOf[edge.From] + 1; layer < layerOf[edge.To]; layer++)
        {
            double lane = x[lanes[(edge.From, layer)]];
            yield return (lane, tops[layer]);
            yield return (lane, tops[layer] + heights[layer]);
        }

        yield return (x[edge.To] + items[edge.To].In, tops[layerOf[edge.To]]);
    }

    // A box's layer is the length of the longest path to it.
    private void AddLayers((int From, int To)[] edges)
    {
        layerOf.AddRange(Enumerable.Repeat(0, boxes));
        foreach (var (from, to) in edges)
        {
            layerOf[to] = Math.Max(layerOf[to], layerOf[from] + 1);
        }

        for (int box = 0; box < boxes; box++)
        {
            AddTo(layerOf[box], box);
        }
    }

    // All edges from one box share a lane per layer, so that an output with a hundred readers takes the space of one edge.
    private Dictionary<(int Source, int Layer), int> AddLanes((int From, int To)[] edges)
    {
        var added = new Dictionary<(int, int), int>();
        foreach (var (from, to) in edges)
        {
            int last = from;
            for (int layer = layerOf[from] + 1; layer < layerOf[to]; layer++)
            {
                if (!added.TryGetValue((from, layer), out int lane))
                {
                    added[(from, layer)] = lane = items.Count;
                    items.Add(new(LaneWidth, 0));
                    layerOf.Add(layer);
                    AddTo(layer, lane);
                    Link(last, lane);
                }

                last = lane;
            }

            Link(last, to);
        }

        return added;
    }

    private void AddTo(int layer, int item)
    {
        while (layers.Count <= layer)
        {
            layers.Add([]);
        }

        layers[layer].Add(item);
        above.Add([]);
        below.Add([]);
    }

    private void Link(int upper, int lower)
    {
        above[lower].Add(upper);
        below[upper].Add(lower);
    }

    // The barycentre heuristic, which reduces the crossings of edges: each layer is sorted by the mean position of each item's neighbours,
    // in the layer above during sweeps down, and in the layer below during sweeps up.
    private void Order()
    {
        var position = new double[items.Count];
        layers.ForEach(Number);
        for (int sweep = 0; sweep < OrderSweeps; sweep++)
        {
            bool down = sweep % 2 == 0;
            var neighbours = down ? above : below;
            foreach (int layer in down ? Enumerable.Range(0, layers.Count) : Enumerable.Range(0, layers.Count).Reverse())
            {
                layers[layer] = [.. layers[layer].OrderBy(Barycentre)];
                Number(layers[layer]);
            }

            double Barycentre(int item) => neighbours[item].Count == 0 ? position[item] : neighbours[item].Average(n => position[n]);
        }

        // Positions are fractions of the layer, 0 to 1, so that layers with different numbers of items can be compared.
        void Number(List<int> layer)
        {
            foreach (var (i, item) in layer.Index())
            {
                position[item] = (i + 0.5) / layer.Count;
            }
        }
    }

    // The preferred position of an item is the median of its neighbours, in the layer above during sweeps down, and in the layer below
    // during sweeps up. If items of a layer would overlap, their weighted squared distances from the preferred positions are minimised.
    private void Place()
    {
        foreach (var layer in layers)
        {
            PlaceLayer(layer, [.. layer.Select(_ => (0.0, 1.0))]);
        }

        int others = Math.Max(0, layers.Count - 1);
        for (int sweep = 0; sweep < PlaceSweeps; sweep++)
        {
            bool down = sweep % 2 == 0;
            foreach (int layer in down ? Enumerable.Range(1, others) : Enumerable.Range(0, others).Reverse())
            {
                PlaceLayer(layers[layer], [.. layers[layer].Select(item => Wish(item, down ? above[item] : below[item], down))]);
            }
        }
    }

    // The preferred position of an item: the weighted median of the x coordinates at which the edges to its neighbours would be vertical.
    private (double X, double Weight) Wish(int item, List<int> neighbours, bool down)
    {
        if (neighbours.Count == 0)
        {
            return (x[item], Weak);
        }

        // Edges between two boxes, and between two lanes, should be straight. An edge between a box and a lane may bend.
        var wishes = neighbours.Select(n => (X: Vertical(n), Weight: IsLane(n) == IsLane(item) ? 1 : Weak)).OrderBy(n => n.X).ToArray();
        double half = wishes.Sum(n => n.Weight) / 2, sum = 0, strongest = wishes.Max(n => n.Weight);
        for (int i = 0; i < wishes.Length; i++)
        {
            sum += wishes[i].Weight;
            if (sum >= half || i == wishes.Length - 1)
            {
                return (sum == half ? (wishes[i].X + wishes[i + 1].X) / 2 : wishes[i].X, strongest);
            }
        }

        throw new InvalidOperationException($"The weights of the neighbours add up to {sum}; expected at least {half}.");

        double Vertical(int n) => down ? x[n] + items[n].Out - items[item].In : x[n] + items[n].In - items[item].Out;
    }

    private bool IsLane(int item) => item >= boxes;

    private void PlaceLayer(List<int> layer, (double X, double Weight)[] wishes)
    {
        foreach (var (centre, item) in Spacing.Nearest(wishes, [.. layer.Select(item => items[item].Width)], Gap).Zip(layer))
        {
            x[item] = centre;
        }
    }

    /// <summary>The size of a node's box in the picture of a graph, and the points at which the graph's edges meet the box.</summary>
    /// <param name="Width">The width.</param>
    /// <param name="Height">The height.</param>
    /// <param name="In">The horizontal distance from the centre at which edges enter at the top. Default 0.</param>
    /// <param name="Out">The horizontal distance from the centre at which edges leave at the bottom. Default 0.</param>
    internal readonly record struct Box(double Width, double Height, double In = 0, double Out = 0);
}
