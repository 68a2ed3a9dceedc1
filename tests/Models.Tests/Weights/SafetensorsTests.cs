using System.Text;

namespace Fovea.Models.Tests;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> BadHeaders => new()
    {
        { "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}", "" },
        { "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0,8]}}", "expected 16 bytes" },
        { "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'F32','shape':[3],'data_offsets':[4,16]}}", "expected 12 bytes from 8 on" },
        { "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'F32','shape':[1],'data_offsets':[12,16]}}", "expected 4 bytes from 8 on" },
        { "{'a':{'dtype':'F32','shape':[400],'data_offsets':[0,1600]}}", "1600" },
        { "{'a':{'dtype':'F32','shape':[2147483647,2147483647,2147483647],'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype':'F32','shape':[-4],'data_offsets':[0,16]}}", "dimension of -4" },
        { "{'a':{'dtype':'F32','shape':[4.5],'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype':'F32','shape':4,'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype':'F8','shape':[16],'data_offsets':[0,16]}}", "F8" },
        { "{'a':{'dtype':7,'shape':[4],'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0]}}", "two offsets" },
        { "{'a':{'dtype':'F32','shape':[4],'data_offsets':[16,0]}}", "" },
        { "{'a':{'dtype':'F32','shape':[4]}}", "no data_offsets" },
        { "{'a':3}", "no dtype" },
        { "{'a':null}", "no dtype" },
        { "{'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]},'a':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}", "" },
        { "{'a':{'dtype'", "" },
        { "{}", "0 bytes" },
    };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Tensors_are_read_whatever_their_order()
    {
        using var file = Open("{'b':{'dtype':'F16','shape':[2],'data_offsets':[12,16]},'__metadata__':{'format':'pt'},'a':{'dtype':'F32','shape':[3,1],'data_offsets':[0,12]}}", [.. Floats(1, 2, 3), 0, 0x3c, 0, 0xc0]);
        Assert.Equal([1, 2, 3], file.Tensors["a"].ToFloats().Floats.ToArray());
        Assert.Equal(new Shape(3, 1), file.Tensors["a"].Shape);
        Assert.Equal([1, -2], file.Tensors["b"].ToFloats().Floats.ToArray());
    }

    [Fact]
    public void Header_whose_length_begins_like_a_pickle_is_no_pickle()
    {
        using var file = Open("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}".PadRight(0x80), Floats(7));
        Assert.Equal([7], file.Tensors["a"].ToFloats().Floats.ToArray());
    }

    [Theory, MemberData(nameof(BadHeaders))]
    public void Header_that_does_not_describe_the_file_is_refused(string header, string reason) =>
        Assert.Contains(reason, Assert.Throws<FoveaException>(() => Open(header, new byte[16])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(long.MaxValue)]
    [InlineData(99_000_000)]
    public void Header_of_a_length_that_cannot_be_is_refused(long length) => Assert.Throws<FoveaException>(() => Open([.. BitConverter.GetBytes(length), .. "{} "u8]));

    [Fact]
    public void Truncated_and_flipped_files_are_refused_or_read()
    {
        byte[] whole = File("{'a':{'dtype':'F32','shape':[3,1],'data_offsets':[0,12]},'b':{'dtype':'BF16','shape':[2],'data_offsets':[12,16]}}", [.. Floats(1, 2, 3), 0, 0, 0, 0]);
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
    public void Other_files_are_refused_by_name(string text)
    {
        var error = Assert.Throws<FoveaException>(() => Open(Encoding.Latin1.GetBytes(text)));
        Assert.StartsWith(folder["weights"], error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.BadModelFile, error.Code);
        Assert.Contains("nowhere", Assert.Throws<FoveaException>(() => WeightsFile.Open("nowhere")).Message, StringComparison.Ordinal);
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

    private static byte[] File(string header, byte[] data) => [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header.Replace('\'', '"')), .. data];

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
