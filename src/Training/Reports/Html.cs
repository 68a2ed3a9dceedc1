using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Fovea.Training.Reports;

/// <summary>Creates the HTML elements of a page. Strings become text nodes, so markup in names of files and classes is escaped.</summary>
internal static class Html
{
    /// <summary>Creates a section of the page.</summary>
    /// <param name="id">The anchor's name.</param>
    /// <param name="heading">The heading.</param>
    /// <param name="meaning">Sentences that explain what the section shows.</param>
    /// <param name="content">Charts and tables; null entries are ignored.</param>
    public static XElement Section(string id, string heading, string meaning, params object?[] content) => new(
        "section", new XAttribute("id", id), new XAttribute("aria-labelledby", $"{id}-heading"),
        new XElement("h2", new XAttribute("id", $"{id}-heading"), heading),
        new XElement("p", new XAttribute("class", "meaning"), meaning),
        content);

    /// <summary>Creates a table in a box that scrolls if the screen is too narrow.</summary>
    /// <param name="caption">The caption, which is also the accessible name.</param>
    /// <param name="kind">The CSS classes.</param>
    /// <param name="columns">The column headings; empty for none.</param>
    /// <param name="rows">The rows, as <see cref="Row"/> creates them.</param>
    public static XElement Table(string caption, string kind, IReadOnlyList<string> columns, IEnumerable<XElement> rows) => new(
        "div",
        new XAttribute("class", "scroll"),
        new XAttribute("tabindex", 0),
        new XAttribute("role", "region"),
        new XAttribute("aria-label", caption),
        new XElement(
            "table", new XAttribute("class", kind), new XElement("caption", caption),
            columns.Count > 0 ? new XElement("thead", new XElement("tr", columns.Select(ColumnHeading))) : null,
            new XElement("tbody", rows)));

    /// <summary>Creates a row of a table.</summary>
    /// <param name="heading">The first cell, the row's heading.</param>
    /// <param name="cells">The other cells: elements are inserted as they are, other values as text.</param>
    public static XElement Row(string heading, params IEnumerable<object> cells) =>
        new("tr", new XElement("th", new XAttribute("scope", "row"), heading), cells.Select(c => c as XElement ?? new XElement("td", c)));

    /// <summary>Returns the content as a link; returns the content itself if there is no address.</summary>
    /// <param name="link">The address, or null for none.</param>
    /// <param name="content">An element or a text.</param>
    public static object Linked(string? link, object content) =>
        link is null ? content : new XElement("a", new XAttribute("href", link), content);

    /// <summary>Creates a block that is collapsed until the reader opens it.</summary>
    public static XElement Details(string summary, params object[] content) => new("details", new XElement("summary", summary), content);

    /// <summary>Formats a share, 0 to 1, as a percentage.</summary>
    public static string Percent(double share, int decimals = 1) =>
        (share * 100).ToString($"F{decimals}", CultureInfo.InvariantCulture) + "\u00a0%";

    /// <summary>Formats a number with thousands separators and a fixed number of decimals.</summary>
    public static string Number(double value, int decimals = 0) => value.ToString($"N{decimals}", CultureInfo.InvariantCulture);

    /// <summary>Formats a count with its noun in the singular or the plural.</summary>
    public static string Count(int number, string one, string many) => $"{Number(number)} {(number == 1 ? one : many)}";

    /// <summary>Writes the page as text that is valid HTML and valid XML. This changes the elements.</summary>
    public static string ToText(XElement html)
    {
        // XML forbids most control characters, even escaped ones, but names of folders may contain them.
        foreach (var element in html.DescendantsAndSelf())
        {
            foreach (var attribute in element.Attributes())
            {
                attribute.Value = Clean(attribute.Value);
            }

            // HTML has no self-closing elements except void ones such as <img/>, so an empty element gets a closing tag.
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

    private static XElement ColumnHeading(string text) => new("th", new XAttribute("scope", "col"), new XElement("span", text));

    private static string Clean(string text) => string.Concat(text.EnumerateRunes().Select(
        rune => rune.Value is (< 0x20 and not '\n') or (>= 0x7f and < 0xa0) or 0xfffe or 0xffff ? Rune.ReplacementChar : rune));
}
