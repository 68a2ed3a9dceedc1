using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;
using static Fovea.Models.Tests.Adoption.MessageParts;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Files with Scan nodes, whose repetitions replace them.</summary>
public sealed class ScanTests
{
    public static TheoryData<string, int> Forms => new()
    {
        // The form, and the number of its repetitions
        { "over the rows", 8 },
        { "over the rows from below", 8 },
        { "over the columns, counted from the end", 8 },
        { "over weights, with a state", 3 },
        { "over two inputs", 8 },
    };

    [Theory, MemberData(nameof(Forms))]
    public void Scan_is_replaced_by_its_repetitions(string form, int repetitions)
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(0.5f).Write(folder, model => Add(model, form));
        UnmodifiedFile.AssertSameAnswer(path);
        var adopted = UnmodifiedFile.AssertTrainable(path);
        Assert.DoesNotContain(adopted.Nodes, node => node.Op == "Scan");
        Assert.Equal(Shape.Free, adopted.Inputs[0].Shape[0]);
        var output = form == "over two inputs" ? "last" : Replaced;
        Assert.Contains(
            $"The node {output}_by_Scan (Scan) is replaced by the nodes of its {repetitions} repetitions.",
            ModelAdoption.Read(path, ForeignNetwork.Json()).Findings.Changed);
    }

    [Fact]
    public void Scan_over_the_images_runs_for_a_whole_batch_at_once()
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(0.5f).Write(folder, model => Add(model, "over the images"));
        UnmodifiedFile.AssertSameAnswer(path);
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
    }

    [Fact]
    public void Scan_of_operator_set_8_repeats_for_each_image()
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(0.5f).Write(folder, model =>
        {
            model.OpsetImport[0].Version = 8;
            model.Graph.Node.Single(node => node.OpType == "Softmax").Attribute[0].I = 1;

            // The scan axis is the first axis of an image, its channels.
            model.Graph.Initializer.Add(Numbers("two", 2));
            Prepend(model, Node(
                "Scan", ["", "data"], [Replaced], Whole("num_scan_inputs", 1), Body(Graph(["channel"], ["doubled"], Doubled("channel")))));
        });
        UnmodifiedFile.AssertSameAnswer(path);
    }

    [Fact]
    public void Scan_over_an_unknown_length_is_refused_with_the_reason()
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(0.5f).Write(folder, model =>
        {
            Prepend(model, Node("NonZero", ["data"], ["places"]), Node("Cast", ["places"], ["floats"], Whole("to", 1)), Node(
                "Scan", ["floats"], [Replaced], Whole("num_scan_inputs", 1), Wholes("scan_input_axes", 1),
                Body(Graph(["x"], ["doubled"], Doubled("x")))));
            model.Graph.Initializer.Add(Numbers("two", 2));
        });
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains("(Scan) repeats once for each element of an axis of floats", error.Message, StringComparison.Ordinal);
    }

    private static void Add(ModelProto model, string form)
    {
        model.Graph.Initializer.Add(Numbers("two", 2));
        switch (form)
        {
            case "over the rows":
                Prepend(model, Scan(["data"], 1, [2], [2]));
                break;
            case "over the rows from below":
                var scan = Scan(["data"], 1, [2], [2]);
                scan.Attribute.Add([Wholes("scan_input_directions", 1), Wholes("scan_output_directions", 1)]);
                Prepend(model, scan);
                break;
            case "over the columns, counted from the end":
                Prepend(model, Scan(["data"], 1, [-1], [-1]));
                break;
            case "over the images":
                Prepend(model, Scan(["data"], 1, [0], [0]));
                break;
            case "over weights, with a state":
                // ((2 data - 0.1) 0.5 - 0.1) 2 - 0.1, with the last state as the result
                model.Graph.Initializer.Add([Numbers("factors", 2, 0.5f, 2), Numbers("tenth", 0.1f)]);
                var body = Graph(
                    ["state", "factor"], ["next"],
                    Node("Mul", ["state", "factor"], ["product"]), Node("Sub", ["product", "tenth"], ["next"]));
                Prepend(model, Node("Scan", ["data", "factors"], [Replaced], Whole("num_scan_inputs", 1), Body(body)));
                break;
            case "over two inputs":
                // Each row plus the row at the same distance from the lower edge; the running sum is not used.
                var sums = Graph(
                    ["sum", "row", "below"], ["next", "both"],
                    Node("Add", ["row", "below"], ["both"]), Node("Add", ["sum", "both"], ["next"]));
                model.Graph.Initializer.Add(Numbers("nothing", 0, 0, 0, 0, 0, 0, 0, 0));
                Prepend(
                    model, Node("Unsqueeze", ["nothing", "axes"], ["start"]),
                    Node("ReduceSum", ["data", "rows"], ["shape"], Whole("keepdims", 0)),
                    Node("Mul", ["shape", "start"], ["zeros"]),
                    Node(
                        "Scan", ["zeros", "data", "data"], ["last", Replaced], Whole("num_scan_inputs", 2), Wholes("scan_input_axes", 2, 2),
                        Wholes("scan_input_directions", 0, 1), Wholes("scan_output_axes", 2), Body(sums)));
                model.Graph.Initializer.Add([Vector("axes", 0, 1), Vector("rows", 2)]);
                break;
        }
    }

    private static NodeProto Scan(string[] inputs, int scanned, long[] from, long[] to) => Node(
        "Scan", inputs, [Replaced], Whole("num_scan_inputs", scanned), Wholes("scan_input_axes", from), Wholes("scan_output_axes", to),
        Body(Graph(["slice"], ["doubled"], Doubled("slice"))));

    private static NodeProto Doubled(string input) => Node("Mul", [input, "two"], ["doubled"]);
}
