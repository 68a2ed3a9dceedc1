using System.IO.Compression;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Weights;

namespace Fovea.Models.Tests.Weights;

public sealed class TorchFileTests
{
    private static readonly SavedTensor A = TorchFiles.Floats("a", [2, 3], 1, 2, 3, 4, 5, 6), B = TorchFiles.Floats("b", [2], -1, 0.5f);

    public static TheoryData<string, string> Unwanted => new()
    {
        { "os", "system" }, { "builtins", "eval" }, { "torch", "load" }, { "torch._utils", "_rebuild_parameter_with_state" },
        { "__torch__", "Model" }, { "collections", "Counter" },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Zip_and_legacy_files_have_names_shapes_and_values(bool zip)
    {
        var tensors = TorchFile.Read(zip ? TorchFiles.Zip(A, B) : TorchFiles.Legacy(A, B));
        Assert.Equal(["a", "b"], tensors.Keys);
        AssertTensor([2, 3], [1, 2, 3, 4, 5, 6], tensors["a"]);
        AssertTensor([2], [-1, 0.5f], tensors["b"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Views_of_one_storage_are_read_by_offset_and_strides(bool zip)
    {
        SavedTensor View(string name, int offset, int[] size, int[] strides) =>
            A with { Name = name, Offset = offset, Size = size, Strides = strides };
        SavedTensor[] views = [
            View("transposed", 0, [3, 2], [1, 3]), View("row", 3, [3], [1]), View("column", 1, [2, 1], [3, 77]),
            View("expanded", 2, [2, 2], [0, 1]), View("scalar", 5, [], [])];
        var tensors = TorchFile.Read(zip ? TorchFiles.Zip(views) : TorchFiles.Legacy(views));
        AssertTensor([3, 2], [1, 4, 2, 5, 3, 6], tensors["transposed"]);
        AssertTensor([3], [4, 5, 6], tensors["row"]);
        AssertTensor([2, 1], [2, 5], tensors["column"]);
        AssertTensor([2, 2], [3, 4, 3, 4], tensors["expanded"]);
        AssertTensor([], [6], tensors["scalar"]);
    }

    [Fact]
    public void Half_and_bfloat16_convert_exactly_and_doubles_are_rounded()
    {
        float[] Read(string type, byte[] bytes, int count) =>
            TorchFile.Read(TorchFiles.Zip(new SavedTensor("x", type, "0", bytes, count, 0, [count], [1])))["x"].ToFloats().Floats.ToArray();
        Half[] halves = [(Half)1.5f, Half.NegativeInfinity, (Half)6e-8f];
        Assert.Equal([.. halves.Select(h => (float)h)], Read("HalfStorage", [.. halves.SelectMany(BitConverter.GetBytes)], 3));
        Assert.Equal([1.5f, -3f], Read("BFloat16Storage", [0xc0, 0x3f, 0x40, 0xc0], 2));
        Assert.Equal([0.1f, (float)1e300], Read("DoubleStorage", [.. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(1e300)], 2));
    }

    [Fact]
    public void Integer_tensor_is_listed_but_is_not_float() =>
        Assert.False(TorchFile.Read(TorchFiles.Zip(new SavedTensor("n", "LongStorage", "0", new byte[8], 1, 0, [], [])))["n"].IsFloat);

    [Theory]
    [InlineData("state_dict")]
    [InlineData("model_state_dict")]
    [InlineData("model")]
    public void State_dict_inside_a_checkpoint_is_found(string key)
    {
        var pickle = new Pickle().Add("}(").Text("epoch").Int(90).Text(key).StateDict(B).Add("u").Stop();
        AssertTensor([2], [-1, 0.5f], TorchFile.Read(TorchFiles.Zip(pickle, [("b", B.Storage)]))["b"]);
    }

    [Fact]
    public void File_of_PyTorch_0_1_under_Python_2_is_read()
    {
        // It has no backward hooks, byte strings for names, and an OrderedDict that is created from a list of pairs.
        var pickle = new Pickle().Global("collections", "OrderedDict")
            .Add("((](").Add("U\u0001b").Tensor(B with { Rebuild = "_rebuild_tensor" }).Add("eetR");
        var pairs = new Pickle().Global("collections", "OrderedDict")
            .Add("(](](").Add("U\u0001b").Tensor(B with { Rebuild = "_rebuild_tensor" }).Add("eetR").Stop();
        AssertTensor([2], [-1, 0.5f], TorchFile.Read(TorchFiles.Legacy(pairs, [("b", B.Storage, 2)]))["b"]);
        AssertRefused(TorchFiles.Legacy(pickle.Stop(), [("b", B.Storage, 2)]), "");
    }

    [Fact]
    public void Parameter_is_read_as_its_tensor()
    {
        var pickle = new Pickle().Add("}").Text("b").Global("torch._utils", "_rebuild_parameter")
            .Add("(").Tensor(B).Add(0x88).Add("}tRs").Stop();
        AssertTensor([2], [-1, 0.5f], TorchFile.Read(TorchFiles.Zip(pickle, [("b", B.Storage)]))["b"]);
    }

    [Theory, MemberData(nameof(Unwanted))]
    public void Python_name_that_tensors_do_not_need_is_refused_and_named(string module, string name)
    {
        AssertRefused(
            TorchFiles.Zip(new Pickle().Global(module, name).Add("(").Text("touch /tmp/x").Add("tR").Stop(), []), $"{module}.{name}");
        AssertRefused(TorchFiles.Zip(new Pickle().Text(module).Text(name).Add(0x93).Stop(), []), $"{module}.{name}");
    }

    [Theory]
    [InlineData('i')]
    [InlineData('o')]
    [InlineData('I')]
    [InlineData('P')]
    [InlineData('\x81')]
    [InlineData('\x82')]
    public void Opcode_that_tensors_do_not_need_is_refused_and_named(char opcode) =>
        AssertRefused(TorchFiles.Zip(new Pickle().Add($"{opcode}").Stop(), []), $"0x{(int)opcode:x2}");

    [Fact]
    public void File_without_a_valid_state_dict_is_refused()
    {
        AssertRefused(TorchFiles.Zip(new Pickle().Int(3).Stop(), []), "no state dict");
        AssertRefused(TorchFiles.Zip(new Pickle().Add("}").Text("lr").Int(3).Add("s").Stop(), []), "lr in its state dict is not a tensor");
        AssertRefused(TorchFiles.Zip(new Pickle().Tensor(A).Stop(), [("a", A.Storage)]), "no state dict");
        AssertRefused(TorchFiles.Zip(new Pickle().StateDict(A).Stop(), [("a", A.Storage)], byteOrder: "big"), "byte order is 'big'");
        AssertRefused(
            TorchFiles.Zip(new Pickle().StateDict(A).Stop(), [("a", A.Storage)], compression: CompressionLevel.SmallestSize), "compressed");
        AssertRefused(TorchFiles.Zip(new Pickle().StateDict(A).Stop(), []), "has no storage a");
        AssertRefused(
            TorchFiles.Zip(new Pickle().StateDict(A).Stop(), [("a", A.Storage[..^1])]),
            "the storage of a has 23 bytes; expected 6 elements");
        AssertRefused(new Pickle().StateDict(A).Stop(), "torch.save did not write it");
    }

    [Theory]
    [InlineData(1, new[] { 2, 3 }, new[] { 3, 1 })]
    [InlineData(-1, new[] { 2 }, new[] { 1 })]
    [InlineData(0, new[] { 2, 3 }, new[] { -3, 1 })]
    [InlineData(0, new[] { 2, 3 }, new[] { 1 })]
    [InlineData(0, new[] { -2, -3 }, new[] { 3, 1 })]
    [InlineData(0, new[] { int.MaxValue, int.MaxValue, int.MaxValue }, new[] { 0, 0, 0 })]
    [InlineData(0, new[] { int.MaxValue, int.MaxValue, int.MaxValue }, new[] { int.MaxValue, int.MaxValue, int.MaxValue })]
    public void View_outside_its_storage_is_refused(int offset, int[] size, int[] strides)
    {
        var view = A with { Offset = offset, Size = size, Strides = strides };
        AssertRefused(TorchFiles.Zip(view), "");
        AssertRefused(TorchFiles.Legacy(view), "");
    }

    [Fact]
    [Trait("Needs", "time")]
    public void Deep_nesting_and_many_copies_of_a_list_do_not_exhaust_the_memory()
    {
        AssertRefused(
            TorchFiles.Zip(
                new Pickle().Add([.. Enumerable.Repeat((byte)']', 1_000_000), .. Enumerable.Repeat((byte)'a', 999_999)]).Stop(), []),
            "no state dict");
        AssertRefused(
            TorchFiles.Zip(
                new Pickle().Add([.. Enumerable.Repeat((byte)'(', 1_000_000), .. Enumerable.Repeat((byte)'t', 1_000_000)]).Stop(), []),
            "no state dict");

        // 10,000 calls of OrderedDict, each with the same list of 100,000 pairs.
        var copies = new Pickle().Add("]q\0(").Add(
            [.. Enumerable.Repeat("NN\x86"u8.ToArray()[..2], 100_000).SelectMany(nn => (byte[])[.. nn, 0x86])]).Add("e0");
        for (int i = 0; i < 10_000; i++)
        {
            copies.Global("collections", "OrderedDict").Add("h\0").Add(0x85).Add("R");
        }

        AssertRefused(TorchFiles.Zip(copies.Stop(), []), "items of lists");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Truncated_file_is_refused_and_a_file_with_random_bytes_is_refused_or_read(bool zip)
    {
        var whole = zip ? TorchFiles.Zip(A, B) : TorchFiles.Legacy(A, B);
        for (int length = 1; length < whole.Length; length++)
        {
            AssertRefused(whole[..length], "");
        }

        var random = new SeededRandom(11);
        int refused = 0;
        for (int i = 0; i < 5000; i++)
        {
            var bytes = whole.ToArray();
            for (int flips = 1 + i % 4; flips > 0; flips--)
            {
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            }

            refused += IsRefused(bytes) ? 1 : 0;
        }

        Assert.InRange(refused, 500, 4999);
    }

    private static bool IsRefused(byte[] bytes)
    {
        try
        {
            foreach (var tensor in TorchFile.Read(bytes).Values.Where(t => t.IsFloat && t.Shape.Size < 1000))
            {
                _ = tensor.ToFloats().Floats.Length;
            }

            return false;
        }
        catch (FoveaException)
        {
            return true;
        }
    }

    private static void AssertRefused(byte[] bytes, string reason) =>
        Assert.Contains(reason, Assert.Throws<FoveaException>(() => TorchFile.Read(bytes)).Message, StringComparison.Ordinal);

    private static void AssertTensor(int[] shape, float[] values, StoredTensor tensor)
    {
        Assert.Equal(new Shape(shape), tensor.Shape);
        Assert.Equal(values, tensor.ToFloats().Floats.ToArray());
    }
}
