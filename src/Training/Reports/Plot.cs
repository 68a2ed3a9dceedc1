using System.Globalization;
using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>A chart's frame, as SVG whose colours are the page's: axes from low to high with ticks, and what is drawn between them.</summary>
internal sealed class Plot
{
    private const double Width = 420, Height = 250, Left = 52, Right = 20, Top = 12, Bottom = 42;

    private static readonly int[] RoundNumbers = [1, 2, 5, 10];

    private readonly double lowX, highX, lowY, highY;
    private readonly XElement svg;

    /// <summary>An empty chart. <paramref name="description"/> says in words what it shows.</summary>
    public Plot(string title, string description, (double Low, double High, string Name) x, (double Low, double High) y, Func<double, string> tickX, Func<double, string> tickY)
    {
        (lowX, highX, lowY, highY) = (x.Low, x.High, y.Low, y.High);
        svg = new XElement(
            "svg", new XAttribute("viewBox", $"0 0 {Number(Width)} {Number(Height)}"), new XAttribute("role", "img"), new XAttribute("aria-label", $"{title}. {description}"),
            new XElement("title", title), new XElement("desc", description));
        foreach (double value in Ticks(lowY, highY))
        {
            Add("line", "grid", ("x1", Left), ("x2", Width - Right), ("y1", Y(value)), ("y2", Y(value)));
            Text(Left - 7, Y(value) + 4, "end", tickY(value));
        }

        foreach (double value in Ticks(lowX, highX))
        {
            Add("line", "grid", ("x1", X(value)), ("x2", X(value)), ("y1", Height - Bottom), ("y2", Height - Bottom + 4));
            Text(X(value), Height - Bottom + 18, "middle", tickX(value));
        }

        Add("line", "axis", ("x1", Left), ("x2", Width - Right), ("y1", Height - Bottom), ("y2", Height - Bottom));
        Text((Left + Width - Right) / 2, Height - 6, "middle", x.Name);
    }

    /// <summary>A line through points, each with a dot where there are few.</summary>
    public void Line(string kind, IReadOnlyList<(double X, double Y)> points)
    {
        Add("polyline", $"line {kind}", ("points", string.Join(' ', points.Select(p => $"{Number(X(p.X))},{Number(Y(p.Y))}"))));
        foreach (var (x, y) in points.Where(_ => points.Count <= 30))
        {
            Add("circle", $"dot {kind}", ("cx", X(x)), ("cy", Y(y)), ("r", 2.5));
        }
    }

    /// <summary>A straight line without dots.</summary>
    public void Rule(string kind, (double X, double Y) from, (double X, double Y) to) =>
        Add("line", kind, ("x1", X(from.X)), ("y1", Y(from.Y)), ("x2", X(to.X)), ("y2", Y(to.Y)));

    /// <summary>A bar from the axis up, with a tooltip.</summary>
    public void Bar(double from, double to, double height, string tooltip)
    {
        var bar = Add("rect", "bar", ("x", X(from) + 1), ("width", X(to) - X(from) - 2), ("y", Y(height)), ("height", Y(lowY) - Y(height)));
        bar.Add(new XElement("title", tooltip));
    }

    /// <summary>The chart under its heading, with what its lines mean.</summary>
    public XElement Figure(string heading, params (string Kind, string Name)[] legend) => new(
        "figure", new XElement("figcaption", heading, legend.Select(l => new XElement("span", new XAttribute("class", $"key {l.Kind}"), l.Name))), svg);

    // At most seven, a round number apart.
    private static IEnumerable<double> Ticks(double low, double high)
    {
        double magnitude = Math.Pow(10, Math.Floor(Math.Log10((high - low) / 6)));
        double step = RoundNumbers.Select(n => n * magnitude).First(s => (high - low) / s <= 6.0001);
        for (double n = Math.Ceiling((low / step) - 1e-9); n * step <= high + (step * 1e-9); n++)
        {
            // What rounds to zero is no minus zero.
            yield return (n * step) + 0.0;
        }
    }

    private double X(double value) => Left + ((value - lowX) / (highX - lowX) * (Width - Left - Right));

    private double Y(double value) => Height - Bottom - ((value - lowY) / (highY - lowY) * (Height - Top - Bottom));

    private void Text(double x, double y, string anchor, string text) => Add("text", "tick", ("x", x), ("y", y), ("text-anchor", anchor)).Value = text;

    private XElement Add(string name, string kind, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var element = new XElement(name, new XAttribute("class", kind));
        foreach (var (attribute, value) in attributes)
        {
            element.Add(new XAttribute(attribute, value is double number ? Number(number) : value));
        }

        svg.Add(element);
        return element;
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
