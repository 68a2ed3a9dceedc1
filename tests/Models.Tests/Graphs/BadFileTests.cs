using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Onnx;
using Fovea.Models.Summary;
using Google.Protobuf;

namespace Fovea.Models.Tests.Graphs;

public sealed class BadFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("nowhere/model.onnx")]
    [InlineData("a\0b")]
    [InlineData("/")]
    public void Missing_file_is_named(string path) =>
        Assert.Contains(path, Assert.Throws<FoveaException>(() => OnnxFile.Read(path)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("This is no network.")]
    [InlineData("{\"labels\": []}")]
    public void Text_file_is_refused_and_named(string text)
    {
        File.WriteAllText(folder["bad.onnx"], text);

        var error = Assert.Throws<FoveaException>(() => OnnxFile.Read(folder["bad.onnx"]));
        Assert.Equal(ErrorCode.BadModelFile, error.Code);
        Assert.Contains(folder["bad.onnx"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_file_is_refused_or_read()
    {
        var whole = OnnxFile.ToBytes(OnnxFileTests.Small());
        int refused = 0;
        for (int length = 0; length < whole.Length; length++)
        {
            refused += IsRefused(whole[..length]) ? 1 : 0;
        }

        // A file that is cut between two fields of the model is a valid protobuf message.
        Assert.InRange(refused, whole.Length - 10, whole.Length);
    }

    [Fact]
    public void File_with_random_bytes_is_refused_or_read()
    {
        var whole = OnnxFile.ToBytes(OnnxFileTests.Small());
        var random = new SeededRandom(7);
        int refused = 0;
        for (int i = 0; i < 1000; i++)
        {
            var bytes = whole.ToArray();
            for (int flips = 1 + i % 4; flips > 0; flips--)
            {
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            }

            refused += IsRefused(bytes) ? 1 : 0;
        }

        Assert.InRange(refused, 100, 999);
    }

    [Fact]
    public void Deeply_nested_groups_are_refused()
    {
        // A million nested starts of a group: field 15 with wire type 3.
        Assert.True(IsRefused([.. Enumerable.Repeat((byte)(15 << 3 | 3), 1_000_000)]));
        Assert.True(IsRefused([.. OnnxFile.ToBytes(OnnxFileTests.Small()), .. Enumerable.Repeat((byte)(15 << 3 | 3), 1_000_000)]));
    }

    [Fact]
    public void Value_that_is_computed_from_itself_is_named() => AssertRefused(
        model => model.Graph.Node[0].Input[0] = model.Graph.Node[1].Output[0], "before a node computes it");

    [Fact]
    public void Two_values_of_one_name_are_refused()
    {
        AssertRefused(model => model.Graph.Node[1].Output[0] = "conv", "conv");
        AssertRefused(model => model.Graph.Initializer.Add(model.Graph.Initializer[0]), "conv.weight");
        AssertRefused(model => model.Graph.Input.Add(model.Graph.Input[0]), "input");
    }

    [Fact]
    public void Node_without_outputs_and_output_without_a_node_are_refused()
    {
        AssertRefused(model => model.Graph.Node[0].Output.Clear(), "conv");
        AssertRefused(model => model.Graph.Output[0].Name = "nothing", "nothing");
        AssertRefused(model => model.OpsetImport.Clear(), "operator set");
    }

    [Fact]
    public void Attribute_given_twice_or_of_an_unsupported_kind_is_named()
    {
        AssertRefused(model => model.Graph.Node[0].Attribute.Add(model.Graph.Node[0].Attribute[0]), "kernel_shape");
        AssertRefused(model => model.Graph.Node[0].Attribute[0].Type = AttributeProto.Types.AttributeType.Graph, "kernel_shape");
        AssertRefused(model => model.Graph.Node[0].Attribute[0].Type = AttributeProto.Types.AttributeType.Tensor, "kernel_shape");
        AssertRefused(model => model.Graph.Node[0].Attribute[0].Ints[0] = long.MaxValue, "conv");
    }

    [Fact]
    public void Weights_in_another_file_are_refused() =>
        AssertRefused(model => model.Graph.Initializer[0].DataLocation = TensorProto.Types.DataLocation.External, "conv.weight");

    [Theory]
    [InlineData(-1)]
    [InlineData(-5)]
    [InlineData(int.MaxValue)]
    [InlineData(1L << 32)]
    [InlineData(long.MinValue)]
    public void Dimensions_that_do_not_fit_the_weights_are_refused(long dimension)
    {
        AssertRefused(model => model.Graph.Initializer[0].Dims[0] = dimension, "");
        AssertRefused(model => model.Graph.Initializer[0].Dims.Add([dimension, dimension, dimension]), "");
    }

    [Fact]
    public void Input_dimension_beyond_32_bits_is_refused() =>
        AssertRefused(model => model.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = 1L << 40, "1099511627776");

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(99)]
    [InlineData(-1)]
    public void Weights_of_an_unsupported_type_are_refused(int type) =>
        AssertRefused(model => model.Graph.Initializer[0].DataType = type, $"{type}");

    private void AssertRefused(Action<ModelProto> damage, string named)
    {
        var model = ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(OnnxFileTests.Small()));
        damage(model);
        File.WriteAllBytes(folder["bad.onnx"], model.ToByteArray());

        var error = Assert.Throws<FoveaException>(() => OnnxFile.Read(folder["bad.onnx"]));
        Assert.Equal(ErrorCode.BadModelFile, error.Code);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    // A file that can be read must also be writable, and its graph must have a summary.
    private bool IsRefused(byte[] bytes)
    {
        File.WriteAllBytes(folder["bad.onnx"], bytes);
        try
        {
            var graph = OnnxFile.Read(folder["bad.onnx"]);
            OnnxFile.ToBytes(graph);
            SummaryTable.ToText(NetworkSummary.Of(graph));
            return false;
        }
        catch (FoveaException e)
        {
            Assert.NotEmpty(e.Message);
            return true;
        }
    }
}
