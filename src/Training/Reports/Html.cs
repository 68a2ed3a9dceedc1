using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>The few elements that a page is made of. What is not an element goes in as text, whatever it holds.</summary>
internal static class Html
{
    /// <summary>A part of the page: its heading, a sentence on what its figures mean, and what it shows.</summary>
    public static XElement Section(string id, string heading, string meaning, params object?[] content) => new(
        "section", new XAttribute("id", id), new XAttribute("aria-labelledby", $"{id}-heading"),
        new XElement("h2", new XAttribute("id", $"{id}-heading"), heading), new XElement("p", new XAttribute("class", "meaning"), meaning), content);

    /// <summary>A table whose rows begin with their heading. It scrolls by itself where the screen is too narrow for it.</summary>
    public static XElement Table(string caption, string kind, IReadOnlyList<string> columns, IEnumerable<XElement> rows) => new(
        "div", new XAttribute("class", "scroll"), new XAttribute("tabindex", 0), new XAttribute("role", "region"), new XAttribute("aria-label", caption),
        new XElement(
            "table", new XAttribute("class", kind), new XElement("caption", caption),
            columns.Count > 0 ? new XElement("thead", new XElement("tr", columns.Select(c => new XElement("th", new XAttribute("scope", "col"), new XElement("span", c))))) : null,
            new XElement("tbody", rows)));

    /// <summary>A row of a table: its heading and its cells.</summary>
    public static XElement Row(string heading, params IEnumerable<object> cells) =>
        new("tr", new XElement("th", new XAttribute("scope", "row"), heading), cells.Select(c => c as XElement ?? new XElement("td", c)));

    /// <summary>Something long that is opened by those who want it.</summary>
    public static XElement Details(string summary, params object[] content) => new("details", new XElement("summary", summary), content);

    /// <summary>A share as a percentage.</summary>
    public static string Percent(double share, int decimals = 1) => (share * 100).ToString($"F{decimals}", CultureInfo.InvariantCulture) + "\u00a0%";

    /// <summary>A number with so many decimals.</summary>
    public static string Number(double value, int decimals = 0) => value.ToString($"N{decimals}", CultureInfo.InvariantCulture);

    /// <summary>A number of things, with its noun.</summary>
    public static string Count(int number, string one, string many) => $"{Number(number)} {(number == 1 ? one : many)}";

    /// <summary>The page as text that parses as HTML and as XML.</summary>
    public static string ToText(XElement html)
    {
        // XML cannot hold most control characters, not even escaped, and names of folders may hold them.
        foreach (var element in html.DescendantsAndSelf())
        {
            foreach (var attribute in element.Attributes())
            {
                attribute.Value = Clean(attribute.Value);
            }

            // HTML knows no <td/>; elements that may hold something are closed with a tag of their own.
            if (element.IsEmpty && element.Name.LocalName is not ("meta" or "img"))
            {
                element.Value = "";
            }
        }

        foreach (var text in html.DescendantNodes().OfType<XText>())
        {
            text.Value = Clean(text.Value);
        }

        var page = new StringBuilder("<!DOCTYPE html>\n");
        using (var writer = XmlWriter.Create(page, new XmlWriterSettings { OmitXmlDeclaration = true }))
        {
            html.WriteTo(writer);
        }

        return page.Append('\n').ToString();
    }

    private static string Clean(string text) => string.Concat(text.EnumerateRunes().Select(
        rune => rune.Value is (< 0x20 and not '\n') or (>= 0x7f and < 0xa0) or 0xfffe or 0xffff ? Rune.ReplacementChar : rune));
}
