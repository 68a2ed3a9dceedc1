using System.Net.Http.Headers;
using System.Text;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Onnx;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Fovea.Api.Tests.Robustness;

/// <summary>
/// Makes bad uploads of models: bytes, dimensions, names, operators, attributes, types, places of tensors, and files beside the model are
/// mutated. Equal seeds give equal uploads.
/// </summary>
internal sealed class ModelMutator(int seed)
{
    /// <summary>The name of a file beside the folder of the upload, which holds what a tensor needs. No upload may read it.</summary>
    public const string Canary = "canary.data";

    private const int Side = 8, Classes = 4;

    private static readonly long[] Sizes = [0, 1, -1, -2, 2, 7, 1 << 20, int.MaxValue, 1L << 33, long.MaxValue, long.MinValue];

    private static readonly string[] Places =
    [
        "/etc/passwd", $"../{Canary}", $"../../{Canary}", $"..\\{Canary}", $"./../{Canary}", $"x/../../{Canary}", "/dev/zero",
        "/proc/self/environ", "file:///etc/passwd", "C:\\windows\\win.ini", "\\\\server\\share", "", ".", "..", "\0", "model.onnx",
        "model.json",
        "weights.data\0/../x", $"%2e%2e/{Canary}", $"~/{Canary}", new string('x', 5_000),
    ];

    private static readonly string[] Names =
        ["", "input", "logits", "x", "w1", "../x", "\0", "\ud83d\ude00", new string('n', 70_000), "a/b", " ", "\n"];

    private static readonly string[] Operators =
    [
        "If", "Loop", "Scan", "Identity", "Constant", "ConstantOfShape", "Reshape", "Transpose", "Softmax", "Sigmoid", "Conv", "Gemm",
        "MatMul", "Resize", "Dropout", "BatchNormalization", "Cast", "ZipMap", "ArgMax", "RandomNormal", "Flatten", "Split", "Squeeze",
        "NoSuch", "",
        "DequantizeLinear", "QuantizeLinear", "Slice", "Gather", "Pad", "Expand", "Tile", "Range", "SequenceConstruct", "EyeLike",
    ];

    private static readonly string[] Beside =
    [
        "model.json", "labels.txt", "labels.json", "synset.txt", "config.json", "preprocessor_config.json", "inference_cls.yaml",
        "weights.data", "../model.json", "a/b.txt", "model.original.onnx", "CON.data", "x.onnx", "lock", ".data", "labels.txt.exe",
    ];

    private static readonly string[] Contents =
    [
        """{"labels": ["a", "b", "c", "d"], "preprocessing": {"crop": [8, 8]}}""",
        """{"id2label": {"0": "a", "1": "b", "2": "c", "3": "d"}, "problem_type": "multi_label_classification"}""",
        """{"id2label": {"0": "a", "2147483648": "b"}, "label2id": {"a": -1}}""",
        """{"size": {"shortest_edge": 256}, "crop_size": {"height": 8, "width": 8}, "image_std": [0], "resample": 9}""",
        """{"size": -1, "do_resize": true, "image_mean": "x"}""",
        "a\nb\nc\nd\n", "n01440764 a\nn01443537 b\n", "PreProcess:\n  transform_ops:\n  - ResizeImage:\n      resize_short: 1e99\n",
        "{\"a\": {\"a\": {\"a\": {\"a\": []}}}}", "[\"a\", \"b\", \"c\", \"d\"]", "[]", "{}", "null", "\0", "- - - -\n - a: &x\n  <<: *x\n",
    ];

    private readonly Random random = new(seed);
    private readonly JsonMutator text = new(seed);

    /// <summary>The changes of the last upload, for messages.</summary>
    public string Last { get; private set; } = "";

    /// <summary>Whether the last upload asks for a tensor in a file outside its folder.</summary>
    public bool LastLooksOutside { get; private set; }

    /// <summary>The content of the file <see cref="Canary"/>.</summary>
    public static byte[] CanaryContent => new byte[Classes * sizeof(float)];

    /// <summary>Makes the next upload.</summary>
    public MultipartFormDataContent Next()
    {
        (Last, LastLooksOutside) = ("", false);
        var model = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(Network(random.Next(4))));
        var files = new List<(string Name, byte[] Content)>
        {
            ("model.json", """{"preprocessing": {"crop": [8, 8]}}"""u8.ToArray()), ("labels.txt", "a\nb\nc\nd\n"u8.ToArray()),
        };
        for (int times = random.Next(1, 3); times > 0; times--)
        {
            Mutate(model, files);
        }

        var content = model.ToByteArray();
        if (random.Next(5) == 0)
        {
            Say("bytes");
            content = text.Spoil(content);
        }

        var form = new MultipartFormDataContent { { new ByteArrayContent(content), "model", "model.onnx" } };
        foreach (var (name, bytes) in files)
        {
            var part = new ByteArrayContent(bytes);
            part.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = "\"f\"", FileName = $"\"{name}\"" };
            form.Add(part);
        }

        return form;
    }

    private void Mutate(ModelProto model, List<(string Name, byte[] Content)> files)
    {
        var graph = model.Graph;
        var (node, tensor) = (OneOf(graph.Node), OneOf(graph.Initializer));
        switch (random.Next(13))
        {
            case 0:
                Spoil(tensor.Dims, "the dimensions of a tensor");
                break;
            case 1:
                var shape = OneOf([.. graph.Input, .. graph.Output]).Type.TensorType.Shape.Dim;
                shape[random.Next(shape.Count)] = new() { DimValue = Say("a dimension of an input or output", OneOf(Sizes)) };
                break;
            case 2:
                Rename(graph, node, tensor);
                break;
            case 3:
                node.OpType = Say("an operator", OneOf(Operators));
                node.Domain = OneOf(node.Domain, node.Domain, "ai.onnx.ml", "com.microsoft", "x");
                break;
            case 4:
                SpoilAttribute(node);
                break;
            case 5 or 6:
                Move(OneOf(graph.Initializer.Where(t => t.Dims.Count == 1 && t.Dims[0] == Classes).DefaultIfEmpty(tensor)), files);
                break;
            case 7:
                tensor.DataType = Say("the type of a tensor", random.Next(-1, 25));
                break;
            case 8:
                var typed = OneOf([.. graph.Input, .. graph.Output]);
                typed.Type.TensorType.ElemType = Say("the type of an input or output", random.Next(-1, 25));
                break;
            case 9:
                model.OpsetImport[0].Version = Say("the operator set", OneOf(Sizes));
                break;
            case 10:
                var key = OneOf("fovea.labels", "fovea.preprocessing", "fovea.adoption", "fovea.activation", "names", "imgsz", "task", "x");
                model.MetadataProps.Add(new StringStringEntryProto
                {
                    Key = key,
                    Value = Encoding.UTF8.GetString(text.Spoil(Say($"the property {key}", OneOf([.. Contents, "{0: 'a', 1: 'b'}"])))),
                });
                break;
            case 11:
                AddBranch(graph, node);
                break;
            default:
                var name = Say("a file beside", OneOf(Beside));
                files.RemoveAll(file => file.Name == name);
                files.Add((name, random.Next(2) == 0 ? text.Spoil(OneOf(Contents)) : Encoding.UTF8.GetBytes(OneOf(Contents))));
                break;
        }
    }

    private void Rename(GraphProto graph, NodeProto node, TensorProto tensor)
    {
        var name = Say("a name", OneOf([.. Names, graph.Node[^1].Output[0], graph.Input[0].Name]));
        switch (random.Next(5))
        {
            case 0:
                node.Input[random.Next(node.Input.Count)] = name;
                break;
            case 1:
                node.Output[0] = name;
                break;
            case 2:
                tensor.Name = name;
                break;
            case 3:
                graph.Output[0].Name = name;
                break;
            default:
                graph.Input[0].Name = name;
                break;
        }
    }

    private void SpoilAttribute(NodeProto node)
    {
        if (node.Attribute.Count == 0)
        {
            var name = Say("a new attribute", OneOf("axis", "perm", "axes", "to", "group", "pads"));
            node.Attribute.Add(new AttributeProto { Name = name, I = OneOf(Sizes), Type = AttributeProto.Types.AttributeType.Int });
            return;
        }

        var attribute = OneOf(node.Attribute);
        Say($"the attribute {attribute.Name} of {node.OpType}");
        attribute.I = OneOf(Sizes);
        attribute.F = OneOf(float.NaN, float.PositiveInfinity, 0, -1, 1e30f);
        Spoil(attribute.Ints, "its numbers");
        attribute.Type = OneOf(attribute.Type, attribute.Type, (AttributeProto.Types.AttributeType)random.Next(0, 12));
    }

    private void Move(TensorProto tensor, List<(string Name, byte[] Content)> files)
    {
        var place = OneOf([.. Places, "weights.data", "weights.data"]);
        Say($"a tensor in {(place.Length > 100 ? "a long place" : place)}");
        LastLooksOutside = place.Contains(Canary, StringComparison.Ordinal);
        files.RemoveAll(file => file.Name == "weights.data");
        files.Add(("weights.data", tensor.RawData.ToByteArray()));
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = place });
        if (random.Next(2) == 0)
        {
            var key = OneOf("offset", "length", "location", "checksum");
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = OneOf("-1", "x", "", "1", $"{long.MaxValue}", "0") });
        }
    }

    // Adds a graph as an attribute of a node, as nodes of If and Loop have. The graph may contain such a node too.
    private void AddBranch(GraphProto graph, NodeProto node)
    {
        Say("a branch");
        var branch = graph.Clone();
        var name = OneOf("then_branch", "else_branch", "body");
        node.OpType = OneOf("If", "Loop", "Scan", node.OpType);
        node.Attribute.Add(new AttributeProto { Name = name, G = branch, Type = AttributeProto.Types.AttributeType.Graph });
    }

    private void Spoil(RepeatedField<long> numbers, string what)
    {
        if (numbers.Count == 0 || random.Next(5) == 0)
        {
            numbers.Add(Say(what, OneOf(Sizes)));
        }
        else if (random.Next(5) == 0)
        {
            Say(what);
            numbers.RemoveAt(random.Next(numbers.Count));
        }
        else
        {
            numbers[random.Next(numbers.Count)] = Say(what, OneOf(Sizes));
        }
    }

    private void Say(string what) => Last += $"{what}; ";

    private T Say<T>(string what, T value)
    {
        var shown = $"{value}";
        Last += $"{what} {(shown.Length > 100 ? $"{shown[..100]}..." : shown)}; ";
        return value;
    }

    private T OneOf<T>(params IEnumerable<T> items)
    {
        T[] all = [.. items];
        return all[random.Next(all.Length)];
    }

    // The same classifier in four forms.
    private static Graph Network(int form)
    {
        var g = new Graph("mutated");
        var x = form == 1
            ? g.Transpose(g.Cast(g.Input("images", ElementType.UInt8, new Shape(-1, Side, Side, 3)), ElementType.Float), 0, 3, 1, 2)
            : g.Input("images", ElementType.Float, new Shape(form == 2 ? 1 : -1, 3, Side, Side));
        x = g.Relu(g.Conv(x, g.Initializer("w1", Random(1, 6, 3, 3, 3)), g.Initializer("b1", Random(2, 6))));
        x = form == 3
            ? g.Apply("Reshape", [g.Apply("GlobalAveragePool", [x]), g.Constant(Tensor.Of(1, -1))])
            : g.Flatten(g.Apply("GlobalAveragePool", [x]));
        x = g.Add("Gemm", [x, g.Initializer("w2", Random(3, 6, Classes)), g.Initializer("b2", Random(4, Classes))], name: "fc").Output;
        g.Output(form == 1 ? g.Softmax(x) : x);
        return g;
    }

    private static Tensor Random(int seed, params int[] shape)
    {
        var random = new SeededRandom(seed);
        var values = new float[new Shape(shape).Size];
        foreach (ref float value in values.AsSpan())
        {
            value = random.Uniform(-1, 1);
        }

        return Tensor.Of(new Shape(shape), values);
    }
}
