namespace Fovea.Models;

/// <summary>
/// Places boxes in layers from top to bottom, edges running down (after Sugiyama, Tagawa and Toda, 1981): a box stands below everything that it is
/// connected to; in its layer it stands near those; an edge that passes layers has a place of its own in each.
/// </summary>
internal sealed class LayeredLayout
{
    private const double Gap = 22, Rise = 34, LaneWidth = 10, Weak = 1.0 / 4096;
    private const int OrderSweeps = 8, PlaceSweeps = 12;

    // Boxes first, then lanes: the places where edges pass a layer.
    private readonly List<Box> items;
    private readonly int boxes;
    private readonly List<int> layerOf = [];
    private readonly List<List<int>> above = [], below = [];
    private readonly List<List<int>> layers = [];
    private readonly Dictionary<(int Source, int Layer), int> lanes;
    private readonly double[] tops;
    private readonly double[] heights;
    private readonly double[] x;

    /// <param name="boxes">What is placed, in an order in which edges only lead on.</param>
    /// <param name="edges">From and to, by index; one that leads back is left out.</param>
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

    /// <summary>What everything takes.</summary>
    public double Width { get; }

    /// <summary>What everything takes.</summary>
    public double Height { get; }

    /// <summary>The edges that are drawn.</summary>
    public IReadOnlyList<(int From, int To)> Paths { get; }

    /// <summary>The left upper corner of a box.</summary>
    public (double X, double Y) Corner(int box) => (x[box] - items[box].Width / 2, tops[layerOf[box]]);

    /// <summary>Where an edge enters and leaves each layer that it passes, from its source to its target.</summary>
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

    // Edges from one box share their lanes, so that a hundred readers take the room of one.
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

    // Each item goes to the mean place of its neighbours, the layers being passed down and up in turn.
    private void Order()
    {
        var place = new double[items.Count];
        Number();
        for (int sweep = 0; sweep < OrderSweeps; sweep++)
        {
            var neighbours = sweep % 2 == 0 ? above : below;
            foreach (int layer in sweep % 2 == 0 ? Enumerable.Range(0, layers.Count) : Enumerable.Range(0, layers.Count).Reverse())
            {
                layers[layer] = [.. layers[layer].OrderBy(item => neighbours[item].Count == 0 ? place[item] : neighbours[item].Average(n => place[n]))];
                NumberLayer(layers[layer]);
            }
        }

        void Number() => layers.ForEach(NumberLayer);

        // Places are fractions of the layer's width, so that layers of different numbers compare.
        void NumberLayer(List<int> layer)
        {
            foreach (var (i, item) in layer.Index())
            {
                place[item] = (i + 0.5) / layer.Count;
            }
        }
    }

    // Each item wants to stand under (over) the middle one of its neighbours; a layer gives way by least squares.
    private void Place()
    {
        foreach (var layer in layers)
        {
            Settle(layer, [.. layer.Select(_ => (0.0, 1.0))]);
        }

        for (int sweep = 0; sweep < PlaceSweeps; sweep++)
        {
            bool down = sweep % 2 == 0;
            foreach (int layer in down ? Enumerable.Range(1, Math.Max(0, layers.Count - 1)) : Enumerable.Range(0, Math.Max(0, layers.Count - 1)).Reverse())
            {
                Settle(layers[layer], [.. layers[layer].Select(item => Wanted(item, down ? above[item] : below[item], down))]);
            }
        }
    }

    private (double X, double Weight) Wanted(int item, List<int> neighbours, bool down)
    {
        if (neighbours.Count == 0)
        {
            return (x[item], Weak);
        }

        // Between boxes, and along a lane, straight lines matter more than where a lane begins or ends.
        double Under(int n) => down ? x[n] + items[n].Out - items[item].In : x[n] + items[n].In - items[item].Out;
        var places = neighbours.Select(n => (X: Under(n), Weight: IsLane(n) == IsLane(item) ? 1 : Weak)).OrderBy(n => n.X).ToArray();
        double half = places.Sum(n => n.Weight) / 2, sum = 0, most = places.Max(n => n.Weight);
        for (int i = 0; i < places.Length; i++)
        {
            sum += places[i].Weight;
            if (sum >= half || i == places.Length - 1)
            {
                return (sum == half ? (places[i].X + places[i + 1].X) / 2 : places[i].X, most);
            }
        }

        throw new InvalidOperationException("The weights of the neighbours do not sum up.");
    }

    private bool IsLane(int item) => item >= boxes;

    private void Settle(List<int> layer, (double X, double Weight)[] wanted)
    {
        foreach (var (place, item) in Spacing.Nearest(wanted, [.. layer.Select(item => items[item].Width)], Gap).Zip(layer))
        {
            x[item] = place;
        }
    }

    /// <summary>What is placed: its size, and how far from its middle edges come in at the top and go out at the bottom.</summary>
    internal readonly record struct Box(double Width, double Height, double In = 0, double Out = 0);
}
