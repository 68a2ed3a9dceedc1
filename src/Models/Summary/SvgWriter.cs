using System.Globalization;
using System.Text;
using System.Xml;

namespace Fovea.Models.Summary;

/// <summary>
/// Writes the shapes of a picture as SVG. Coordinates and sizes are in pixels. The names of layers come from model files, which may be
/// malicious; names are written as escaped text, so they cannot add elements or scripts.
/// </summary>
internal sealed class SvgWriter : IDisposable
{
    private const string Namespace = "http://www.w3.org/2000/svg";

    private readonly StringBuilder text = new();
    private readonly XmlWriter xml;

    public SvgWriter()
    {
        var settings = new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true, IndentChars = " ", NewLineChars = "\n" };
        xml = XmlWriter.Create(text, settings);
    }

    /// <summary>Begins the picture with a white background.</summary>
    public void Begin(double width, double height, string title)
    {
        xml.WriteStartElement("svg", Namespace);
        Attributes(
            ("width", width),
            ("height", height),
            ("viewBox", $"0 0 {Number(width)} {Number(height)}"),
            ("font-family", "Helvetica, Arial, 'Liberation Sans', sans-serif"));
        xml.WriteElementString("title", Namespace, Clean(title));
        Start("defs");
        Start(
            "marker", ("id", "arrow"), ("viewBox", "0 0 8 8"), ("refX", 7.5), ("refY", 4), ("markerWidth", 7), ("markerHeight", 7),
            ("orient", "auto"));
        Element("path", ("d", "M0,0.5 L8,4 L0,7.5 z"), ("fill", "#666666"));
        End();
        End();
        Element("rect", ("width", "100%"), ("height", "100%"), ("fill", "#ffffff"));
    }

    /// <summary>Begins a group whose origin is at (x, y).</summary>
    public void Begin(double x, double y) => Start("g", ("transform", $"translate({Number(x)},{Number(y)})"));

    /// <summary>Ends the innermost open group or element.</summary>
    public void End() => xml.WriteEndElement();

    /// <summary>
    /// Draws a box with centred lines of text, the first one bold. Browsers show the tooltip when the pointer is over the box.
    /// </summary>
    public void Box(double x, double y, double width, double height, string fill, string stroke, ReadOnlySpan<string> lines, string tooltip)
    {
        Begin(x, y);
        xml.WriteElementString("title", Namespace, Clean(tooltip));
        Element("rect", ("width", width), ("height", height), ("rx", 7), ("fill", fill), ("stroke", stroke), ("stroke-width", 1.5));
        for (int i = 0; i < lines.Length; i++)
        {
            double size = i == 0 ? 13 : 11.5;
            Text(width / 2, 19 + 16 * i, size, i == 0, Fitted(lines[i], size, width - 14, bold: i == 0), ("text-anchor", "middle"));
        }

        End();
    }

    /// <summary>Draws a dashed frame with a name in its left upper corner.</summary>
    public void Frame(double x, double y, double width, double height, string name)
    {
        Element(
            "rect", ("x", x), ("y", y), ("width", width), ("height", height), ("rx", 10), ("fill", "#f6f7fc"), ("stroke", "#4f5aa8"),
            ("stroke-dasharray", "6 4"));
        Text(x + 10, y + 17, 12.5, bold: true, Fitted(name, 12.5, width - 20));
    }

    /// <summary>Draws an entry of the legend: a coloured rectangle and its name.</summary>
    public void Swatch(double x, double y, string fill, string stroke, string name)
    {
        Element("rect", ("x", x), ("y", y), ("width", 16), ("height", 13), ("rx", 3), ("fill", fill), ("stroke", stroke));
        Text(x + 22, y + 11, 12, bold: false, name);
    }

    /// <summary>
    /// Draws an edge through points. A vertical line connects two points with nearly the same x, and an S-shaped curve connects other
    /// points.
    /// </summary>
    public void Edge(IEnumerable<(double X, double Y)> points, bool arrow)
    {
        var path = new StringBuilder();
        (double X, double Y) last = default;
        foreach (var (i, point) in points.Index())
        {
            double middle = (last.Y + point.Y) / 2;
            path.Append(i == 0 ? $"M{Number(point.X)},{Number(point.Y)}"
                : Math.Abs(point.X - last.X) < 0.5 ? $" V{Number(point.Y)}"
                : $" C{Number(last.X)},{Number(middle)} {Number(point.X)},{Number(middle)} {Number(point.X)},{Number(point.Y)}");
            last = Math.Abs(point.X - last.X) < 0.5 && i > 0 ? (last.X, point.Y) : point;
        }

        Element(
            "path", ("d", path.ToString()), ("fill", "none"), ("stroke", "#666666"), ("stroke-width", 1.4),
            ("marker-end", arrow ? "url(#arrow)" : "none"));
    }

    /// <summary>
    /// Writes one line of text. (x, y) is the left end of the text's baseline, unless <paramref name="more"/> has another text-anchor.
    /// </summary>
    public void Text(double x, double y, double size, bool bold, string line, params ReadOnlySpan<(string, object)> more)
    {
        Start("text", [("x", x), ("y", y), ("font-size", size), ("font-weight", bold ? "bold" : "normal"), ("fill", "#222222"), .. more]);
        xml.WriteString(Clean(line));
        End();
    }

    /// <summary>Shortens a text to an estimated width of at most <paramref name="room"/> pixels: an ellipsis replaces its middle.</summary>
    public static string Fitted(string line, double size, double room, bool bold = true)
    {
        var runes = line.EnumerateRunes().ToArray();
        if (Width(runes) <= room)
        {
            return line;
        }

        // Two thirds of the remaining text are the end of the line, since the end of a layer's path identifies the layer better than the
        // start.
        int keep = runes.Length - 1;
        while (keep > 1 && Width(Kept()) > room)
        {
            keep--;
        }

        return string.Concat(Kept());

        double Width(IEnumerable<Rune> part) => size * (bold ? 1 : 0.88) * part.Sum(WidthOf);

        IEnumerable<Rune> Kept() => [.. runes[..(keep / 3)], new Rune('…'), .. runes[^(keep - keep / 3)..]];
    }

    /// <summary>Ends the picture and returns its text.</summary>
    public string ToText()
    {
        xml.Flush();
        xml.WriteEndDocument();
        xml.Flush();
        return text.Append('\n').ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => xml.Dispose();

    // An upper estimate of a character's width in units of the font size, for bold text in the widest of the common fonts.
    private static double WidthOf(Rune rune) => rune.Value > 0x2ff ? 1
        : Rune.IsUpper(rune) || rune.Value is 'm' or 'w' ? 0.82
        : rune.Value is 'i' or 'l' or 'j' or '.' or '/' ? 0.42
        : 0.68;

    // Replaces characters that XML 1.0 does not allow even as character references.
    private static string Clean(string line) => string.Concat(line.EnumerateRunes()
        .Select(rune => rune.Value is < 0x20 or 0xfffe or 0xffff ? Rune.ReplacementChar : rune));

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private void Element(string name, params ReadOnlySpan<(string, object)> attributes)
    {
        Start(name, attributes);
        End();
    }

    private void Start(string name, params ReadOnlySpan<(string, object)> attributes)
    {
        xml.WriteStartElement(name, Namespace);
        Attributes(attributes);
    }

    private void Attributes(params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        foreach (var (key, value) in attributes)
        {
            bool isNumber = value is double or int;
            xml.WriteAttributeString(key, isNumber ? Number(Convert.ToDouble(value, CultureInfo.InvariantCulture)) : (string)value);
        }
    }
}
