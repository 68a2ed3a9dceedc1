using System.Globalization;
using System.Xml.Linq;
using Fovea.Models.Graphs;

namespace Fovea.Training.Reports;

/// <summary>An SVG chart with axes and ticks, to which lines and bars are added. The page's style sheet sets the colours.</summary>
internal sealed class Plot
{
    private const double Width = 420, Height = 250, Left = 52, Right = 20, Top = 12, Bottom = 42;

    private static readonly int[] RoundNumbers = [1, 2, 5, 10];

    private readonly double lowX, highX, lowY, highY;
    private readonly XElement svg;

    /// <summary>Creates an empty chart.</summary>
    /// <param name="title">The title, for screen readers and as a tooltip.</param>
    /// <param name="description">A description of the data in words, for screen readers.</param>
    /// <param name="x">The range and the name of the horizontal axis.</param>
    /// <param name="y">The range of the vertical axis.</param>
    /// <param name="tickX">Formats a tick of the horizontal axis.</param>
    /// <param name="tickY">Formats a tick of the vertical axis.</param>
    public Plot(
        string title,
        string description,
        (double Low, double High, string Name) x,
        (double Low, double High) y,
        Func<double, string> tickX,
        Func<double, string> tickY)
    {
        (lowX, highX, lowY, highY) = (x.Low, x.High, y.Low, y.High);
        svg = new XElement(
            "svg",
            new XAttribute("viewBox", $"0 0 {Number(Width)} {Number(Height)}"),
            new XAttribute("role", "img"),
            new XAttribute("aria-label", $"{title}. {description}"),
            new XElement("title", title),
            new XElement("desc", description));
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

    /// <summary>Adds a line through points; up to 30 points also get a dot each.</summary>
    /// <param name="kind">The CSS class.</param>
    /// <param name="points">The points, in the axes' units.</param>
    public void Line(string kind, IReadOnlyList<(double X, double Y)> points)
    {
        Add("polyline", $"line {kind}", ("points", string.Join(' ', points.Select(p => $"{Number(X(p.X))},{Number(Y(p.Y))}"))));
        foreach (var (x, y) in points.Where(_ => points.Count <= 30))
        {
            Add("circle", $"dot {kind}", ("cx", X(x)), ("cy", Y(y)), ("r", 2.5));
        }
    }

    /// <summary>Adds a straight line without dots, in the axes' units.</summary>
    public void Rule(string kind, (double X, double Y) from, (double X, double Y) to) =>
        Add("line", kind, ("x1", X(from.X)), ("y1", Y(from.Y)), ("x2", X(to.X)), ("y2", Y(to.Y)));

    /// <summary>
    /// Adds a bar with a tooltip, from the lower end of the vertical axis to <paramref name="height"/>, in the axes' units.
    /// </summary>
    public void Bar(double from, double to, double height, string tooltip)
    {
        var bar = Add("rect", "bar", ("x", X(from) + 1), ("width", X(to) - X(from) - 2), ("y", Y(height)), ("height", Y(lowY) - Y(height)));
        bar.Add(new XElement("title", tooltip));
    }

    /// <summary>Returns the chart with its heading and its legend.</summary>
    public XElement Figure(string heading, params (string Kind, string Name)[] legend) => new(
        "figure",
        new XElement("figcaption", heading, legend.Select(l => new XElement("span", new XAttribute("class", $"key {l.Kind}"), l.Name))),
        svg);

    // Returns at most seven ticks, at multiples of 1, 2 or 5 times a power of ten.
    private static IEnumerable<double> Ticks(double low, double high)
    {
        double magnitude = Math.Pow(10, Math.Floor(Math.Log10((high - low) / 6)));
        double step = RoundNumbers.Select(n => n * magnitude).First(s => (high - low) / s <= 6.0001);
        for (double n = Math.Ceiling((low / step) - 1e-9); n * step <= high + (step * 1e-9); n++)
        {
            // Adding 0 turns -0, which would be shown as "-0", into 0.
            yield return (n * step) + 0.0;
        }
    }

    private double X(double value) => Left + ((value - lowX) / (highX - lowX) * (Width - Left - Right));

    private double Y(double value) => Height - Bottom - ((value - lowY) / (highY - lowY) * (Height - Top - Bottom));

    private void Text(double x, double y, string anchor, string text) =>
        Add("text", "tick", ("x", x), ("y", y), ("text-anchor", anchor)).Value = text;

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
