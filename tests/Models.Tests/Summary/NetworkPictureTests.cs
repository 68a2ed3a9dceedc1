using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Models.Summary;

namespace Fovea.Models.Tests.Summary;

public partial class NetworkPictureTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static TheoryData<string> Names => new(Catalog.Architectures.Select(a => a.Name));

    [Theory, MemberData(nameof(Names))]
    public void Every_layer_has_a_box_and_boxes_do_not_overlap(string name)
    {
        var graph = Catalog.Find(name).Build(auxiliary: Catalog.Find(name).HasAuxiliary);
        foreach (bool expand in (bool[])[false, true])
        {
            var summary = NetworkSummary.Of(graph, expand);
            var picture = XDocument.Parse(NetworkPicture.ToSvg(summary)).Root!;
            var boxes = Boxes(picture, 0, 0).ToArray();
            Assert.Equal(summary.Layers.Count, boxes.Length);
            var all = boxes.OrderBy(box => box.Y).ToArray();
            for (int i = 0; i < all.Length; i++)
            {
                var (x, y, boxWidth, boxHeight) = all[i];
                Assert.True(x >= 0 && x + boxWidth <= Number(picture, "width") && y + boxHeight <= Number(picture, "height"));
                var sameRows = all.Skip(i + 1).TakeWhile(box => box.Y < y + boxHeight);
                Assert.DoesNotContain(sameRows, box => box.X < x + boxWidth && x < box.X + box.Width);
            }
        }
    }

    [Fact]
    public void Expanded_blocks_are_frames_and_equal_summaries_give_equal_pictures()
    {
        var summary = NetworkSummary.Of(Catalog.Find("googlenet").Build(), expand: true);
        var picture = NetworkPicture.ToSvg(summary);

        Assert.Equal(9, XDocument.Parse(picture).Descendants(Svg + "rect").Count(rect => rect.Attribute("stroke-dasharray") is not null));
        Assert.Equal(picture, NetworkPicture.ToSvg(summary));
        Assert.Contains("6,998,552 parameters", picture, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", picture, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Names))]
    public void Opened_pictures_of_deep_networks_run_in_columns(string name)
    {
        var picture = XDocument.Parse(NetworkPicture.ToSvg(NetworkSummary.Of(Catalog.Find(name).Build(), expand: true))).Root!;
        double width = Number(picture, "width"), height = Number(picture, "height");
        Assert.True(height < 2_200 || height < 1.5 * width, $"{width} x {height}");
    }

    // The GELU of a unit has layers in folders of their own: block1/unit1/fc1/gelu/erf.
    [Fact]
    public void A_frame_holds_the_layers_of_inner_folders_too()
    {
        var picture = XDocument.Parse(NetworkPicture.ToSvg(NetworkSummary.Of(Catalog.Find("convnext_tiny").Build(), expand: true)));
        Assert.Equal(3 + 3 + 9 + 3, picture.Descendants(Svg + "rect").Count(rect => rect.Attribute("stroke-dasharray") is not null));
    }

    [Fact]
    public void Connectors_between_columns_cross_no_box()
    {
        foreach (var name in new[] { "vgg19", "densenet121", "googlenet" })
        {
            var picture = XDocument.Parse(NetworkPicture.ToSvg(NetworkSummary.Of(
                Catalog.Find(name).Build(auxiliary: Catalog.Find(name).HasAuxiliary), expand: true))).Root!;
            var body = picture.Elements(Svg + "g").Last();
            var shift = body.Attribute("transform")!.Value["translate(".Length..^1].Split(',')
                .Select(part => double.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            var boxes = Boxes(picture, 0, 0).Select(box => box with { X = box.X - shift[0], Y = box.Y - shift[1] }).ToArray();
            var connectors = body.Elements(Svg + "path").Select(path => path.Attribute("d")!.Value)
                .Select(path => Level().Matches(path)).Where(levels => levels.Count == 2).ToArray();
            Assert.NotEmpty(connectors);
            foreach (var level in connectors.SelectMany(levels => levels))
            {
                double from = At(level, "x0"), to = At(level, "x1"), y = At(level, "y");
                Assert.DoesNotContain(boxes, box =>
                    box.Y < y && y < box.Y + box.Height && box.X < Math.Max(from, to) && Math.Min(from, to) < box.X + box.Width);
            }
        }

        static double At(Match level, string part) => double.Parse(level.Groups[part].Value, CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Hostile_names_are_escaped()
    {
        const string Hostile = "</text><script>alert('\u0001\ud800 & \"')</script>]]>";
        var graph = new Graph(Hostile);
        var x = graph.Input(Hostile, ElementType.Float, new Shape(Shape.Free, 3, 8, 8));
        graph.Output(graph.Add(Hostile, [x], name: "a/" + Hostile, domain: Hostile).Output);

        var picture = XDocument.Parse(NetworkPicture.ToSvg(NetworkSummary.Of(graph)));
        Assert.Empty(picture.Descendants(Svg + "script"));
    }

    [Fact]
    [Trait("Needs", "time")]
    public void Graph_of_400_rows_with_long_connections_is_drawn_within_10_seconds()
    {
        var graph = new Graph("dense");
        List<Value> values = [graph.Input("x", ElementType.Float, new Shape(Shape.Free, 1, 8, 8))];
        for (int i = 0; i < 400; i++)
        {
            values.Add(graph.Apply("Sum", [.. values.TakeLast(40)]));
        }

        graph.Output(values[^1]);
        var summary = NetworkSummary.Of(graph);
        // Processor time, which other tests on the same cores do not lengthen.
        long start = ThreadTime.Nanoseconds;
        Assert.Equal(401, Boxes(XDocument.Parse(NetworkPicture.ToSvg(summary)).Root!, 0, 0).Count());
        Assert.InRange((ThreadTime.Nanoseconds - start) / 1e9, 0, 10);
    }

    private static IEnumerable<(double X, double Y, double Width, double Height)> Boxes(XElement at, double x, double y)
    {
        foreach (var group in at.Elements(Svg + "g"))
        {
            var translation = group.Attribute("transform")!.Value["translate(".Length..^1].Split(',');
            var shift = translation.Select(part => double.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            if (group.Element(Svg + "title") is not null)
            {
                var rect = group.Element(Svg + "rect")!;
                yield return (x + shift[0], y + shift[1], Number(rect, "width"), Number(rect, "height"));
            }

            foreach (var inner in Boxes(group, x + shift[0], y + shift[1]))
            {
                yield return inner;
            }
        }
    }

    // A horizontal line, written as a curve whose points have one height.
    [GeneratedRegex(@"C(?<x0>[\d.]+),(?<y>[\d.]+) (?<x1>[\d.]+),\k<y> \k<x1>,\k<y>(?![\d.])")]
    private static partial Regex Level();

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
