using Fovea.Models.Errors;
using Fovea.Models.Onnx;
using static Fovea.Models.Tests.Adoption.MessageParts;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Files with sparse constants and weights, and functions with graphs inside.</summary>
public sealed class SparseTensorTests
{
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Sparse_tensor_becomes_an_ordinary_one(bool isWeight, bool isFlat)
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(1).Write(folder, model => Add(model, isWeight, isFlat ? [1, 2] : [0, 1, 0, 2], isFlat));
        UnmodifiedFile.AssertSameAnswer(path);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(-1, 2)]
    public void Index_outside_of_a_sparse_tensor_is_refused(long first, long second)
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(1).Write(folder, model => Add(model, isWeight: false, [first, second], isFlat: true));
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains("the sparse tensor factors is damaged by its index", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sparse_tensors_that_are_large_together_are_refused()
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(1).Write(folder, model =>
        {
            foreach (int i in Enumerable.Range(0, 3))
            {
                model.Graph.SparseInitializer.Add(
                    new SparseTensorProto { Values = Numbers($"large{i}", 1), Indices = Vector("", 7), Dims = { 100 << 18 } });
            }
        });
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains("brings the sparse tensors of the file to more than 256 MiB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Functions_that_consist_of_calls_alone_are_refused()
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(1).Write(folder, model =>
        {
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
            for (int i = 0; i < 100; i++)
            {
                NodeProto Call(string from, string to) =>
                    new() { OpType = $"F{i + 1}", Domain = "own", Input = { from }, Output = { to } };
                model.Functions.Add(new FunctionProto
                {
                    Domain = "own",
                    Name = $"F{i}",
                    Input = { "x" },
                    Output = { "y" },
                    OpsetImport = { new OperatorSetIdProto { Domain = "own", Version = 1 } },
                    Node = { Call("x", "once"), Call("once", "y") },
                });
            }

            Prepend(model, new NodeProto { OpType = "F0", Domain = "own", Name = "c", Input = { "data" }, Output = { Replaced } });
        });
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains("unfolds to more than 1000000 nodes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Branch_inside_a_function_sees_the_values_of_the_function_and_calls_functions()
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(1).Write(folder, model =>
        {
            AttributeProto Branch(string name, string op, string domain) => new()
            {
                Name = name,
                Type = AttributeProto.Types.AttributeType.Graph,
                G = Graph([], [$"{name}_y"], new NodeProto { OpType = op, Domain = domain, Input = { "x" }, Output = { $"{name}_y" } }),
            };
            var rank = new AttributeProto { Name = "value_int", I = 4, Type = AttributeProto.Types.AttributeType.Int };
            var branch = Node("If", ["is4"], ["y"], Branch("then_branch", "Half", "own"), Branch("else_branch", "Neg", ""));
            var sets = new OperatorSetIdProto { Version = 17 };
            model.Functions.Add(new FunctionProto
            {
                Domain = "own",
                Name = "ByRank",
                Input = { "x" },
                Output = { "y" },
                OpsetImport = { sets, new OperatorSetIdProto { Domain = "own", Version = 1 } },
                Node =
                {
                    Node("Shape", ["x"], ["s"]), Node("Size", ["s"], ["n"]), Node("Constant", [], ["four"], rank),
                    Node("Equal", ["n", "four"], ["is4"]), branch,
                },
            });
            model.Functions.Add(new FunctionProto
            {
                Domain = "own",
                Name = "Half",
                Input = { "x" },
                Output = { "y" },
                OpsetImport = { sets },
                Node = { Node("Relu", ["x"], ["y"]) },
            });
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
            Prepend(model, new NodeProto { OpType = "ByRank", Domain = "own", Name = "call", Input = { "data" }, Output = { Replaced } });
        });
        UnmodifiedFile.AssertSameAnswer(path);
    }

    // Multiplies the images by a sparse [1, 3] of factors, whose first is 0.
    private static void Add(ModelProto model, bool isWeight, long[] indices, bool isFlat)
    {
        var places = Vector("", indices);
        if (!isFlat)
        {
            places.Dims.Clear();
            places.Dims.Add([2, 2]);
        }

        var sparse = new SparseTensorProto { Values = Numbers("factors", 0.5f, 2), Indices = places, Dims = { 1, 3 } };
        model.Graph.Initializer.Add(Vector("shape", 1, 3, 1, 1));
        NodeProto[] constant = isWeight ? [] :
        [
            Node("Constant", [], ["factors"], new AttributeProto
            {
                Name = "sparse_value",
                SparseTensor = sparse,
                Type = AttributeProto.Types.AttributeType.SparseTensor,
            }),
        ];
        if (isWeight)
        {
            model.Graph.SparseInitializer.Add(sparse);
        }

        Prepend(
            model,
            [.. constant, Node("Reshape", ["factors", "shape"], ["perChannel"]), Node("Mul", ["data", "perChannel"], [Replaced])]);
    }
}
