using System.Text;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Weights;

namespace Fovea.Models.Tests.Weights;

public sealed class SafetensorsTests : IDisposable
{
    private const string TwoFloats = "'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}";

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> BadHeaders => new()
    {
        { "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}", "" },
        { "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0,8]}}", "expected 0 to 16" },
        { $"{{{TwoFloats},'b':{{'dtype':'F32','shape':[3],'data_offsets':[4,16]}}}}", "expected 8 to 20" },
        { $"{{{TwoFloats},'b':{{'dtype':'F32','shape':[1],'data_offsets':[12,16]}}}}", "expected 8 to 12" },
        { "{'a':{'dtype':'F32','shape':[400],'data_offsets':[0,1600]}}", "1600" },
        { "{'a':{'dtype':'F32','shape':[2147483647,2147483647,2147483647],'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype':'F32','shape':[-4],'data_offsets':[0,16]}}", "dimension of a is -4" },
        { "{'a':{'dtype':'F32','shape':[4.5],'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype':'F32','shape':4,'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype':'F8','shape':[16],'data_offsets':[0,16]}}", "F8" },
        { "{'a':{'dtype':7,'shape':[4],'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0]}}", "does not have two numbers" },
        { "{'a':{'dtype':'F32','shape':[4],'data_offsets':[16,0]}}", "" },
        { "{'a':{'dtype':'F32','shape':[4]}}", "no data_offsets" },
        { "{'a':3}", "no dtype" },
        { "{'a':null}", "no dtype" },
        { "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]},'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype'", "" },
        { "{}", "expected 0" },
    };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Tensors_in_any_order_are_read()
    {
        using var file = Open(
            "{'b':{'dtype':'F16','shape':[2],'data_offsets':[12,16]},'__metadata__':{'format':'pt'},"
            + "'a':{'dtype':'F32','shape':[3,1],'data_offsets':[0,12]}}",
            [.. Floats(1, 2, 3), 0, 0x3c, 0, 0xc0]);
        Assert.Equal([1, 2, 3], file.Tensors["a"].ToFloats().Floats.ToArray());
        Assert.Equal(new Shape(3, 1), file.Tensors["a"].Shape);
        Assert.Equal([1, -2], file.Tensors["b"].ToFloats().Floats.ToArray());
    }

    [Fact]
    public void Header_length_with_the_first_byte_of_a_pickle_is_read_as_safetensors()
    {
        using var file = Open("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}".PadRight(0x80), Floats(7));
        Assert.Equal([7], file.Tensors["a"].ToFloats().Floats.ToArray());
    }

    [Theory, MemberData(nameof(BadHeaders))]
    public void Header_that_does_not_describe_the_file_is_refused(string header, string reason) =>
        Assert.Contains(reason, Assert.Throws<FoveaException>(() => Open(header, new byte[16])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{'__metadata__':3}", "its __metadata__ is not a JSON object")]
    [InlineData("{'__metadata__':['state']}", "its __metadata__ is not a JSON object")]
    [InlineData("{'__metadata__':{'state':3}}", "its property state is not a text")]
    [InlineData("{'__metadata__':{'state':{}}}", "its property state is not a text")]
    public void Property_that_is_no_text_is_refused(string header, string reason)
    {
        System.IO.File.WriteAllBytes(folder["weights"], File(header, []));
        using var file = SafetensorsFile.Open(folder["weights"]);
        Assert.Contains(reason, Assert.Throws<FoveaException>(() => file.Metadata("state")).Message, StringComparison.Ordinal);
        Assert.Null(file.Names.FirstOrDefault());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    [InlineData(99_000_000)]
    public void Impossible_header_length_is_refused(long length) =>
        Assert.Throws<FoveaException>(() => Open([.. BitConverter.GetBytes(length), .. "{} "u8]));

    [Fact]
    public void Truncated_file_is_refused_and_a_file_with_random_bytes_is_refused_or_read()
    {
        byte[] whole = File(
            "{'a':{'dtype':'F32','shape':[3,1],'data_offsets':[0,12]},'b':{'dtype':'BF16','shape':[2],'data_offsets':[12,16]}}",
            [.. Floats(1, 2, 3), 0, 0, 0, 0]);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.True(IsRefused(whole[..length]));
        }

        var random = new SeededRandom(5);
        int refused = 0;
        for (int i = 0; i < 1000; i++)
        {
            var bytes = whole.ToArray();
            for (int flips = 1 + i % 3; flips > 0; flips--)
            {
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            }

            refused += IsRefused(bytes) ? 1 : 0;
        }

        Assert.InRange(refused, 100, 999);
    }

    [Theory]
    [InlineData("")]
    [InlineData("some text, and no weights")]
    [InlineData("PK\x03\x04 and no zip file")]
    public void Error_for_a_file_of_another_format_names_the_file(string text)
    {
        var error = Assert.Throws<FoveaException>(() => Open(Encoding.Latin1.GetBytes(text)));
        Assert.StartsWith(folder["weights"], error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.BadModelFile, error.Code);
        Assert.Contains("nowhere", Assert.Throws<FoveaException>(() => WeightsFile.Open("nowhere")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Error_names_the_path_once_and_as_it_was_given()
    {
        byte[] whole = File("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}", new byte[9]);
        System.IO.File.WriteAllBytes(folder["weights"], whole);
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, folder["weights"]);

        var message = Assert.Throws<FoveaException>(() => WeightsFile.Open(relative)).Message;
        Assert.StartsWith(relative, message, StringComparison.Ordinal);
        Assert.Equal(2, message.Split("weights").Length);
    }

    [Fact]
    public void Folder_is_refused_as_a_folder()
    {
        foreach (
            var open in (Action<string>[])[path => WeightsFile.Open(path), path => SafetensorsFile.Open(path), path => OnnxFile.Read(path)])
        {
            var error = Assert.Throws<FoveaException>(() => open(folder[""]));
            Assert.Contains("is a folder", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("denied", error.Message, StringComparison.Ordinal);
        }
    }

    private bool IsRefused(byte[] bytes)
    {
        try
        {
            Open(bytes).Dispose();
            return false;
        }
        catch (FoveaException)
        {
            return true;
        }
    }

    private WeightsFile Open(string header, byte[] data) => Open(File(header, data));

    private WeightsFile Open(byte[] bytes)
    {
        System.IO.File.WriteAllBytes(folder["weights"], bytes);
        return WeightsFile.Open(folder["weights"]);
    }

    private static byte[] File(string header, byte[] data) =>
        [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header.Replace('\'', '"')), .. data];

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
