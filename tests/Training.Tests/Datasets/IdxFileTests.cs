using System.IO.Compression;
using Fovea.Models.Errors;
using Fovea.Training.Datasets;

namespace Fovea.Training.Tests.Datasets;

public class IdxFileTests
{
    private static readonly byte[] TwoByThree = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 20, 30, 40, 50, 60];

    [Fact]
    public void A_plain_file_is_read()
    {
        var file = Read("array", TwoByThree);
        Assert.Equal([2, 3], file.Dimensions);
        Assert.Equal([10, 20, 30, 40, 50, 60], file.Values);
    }

    [Fact]
    public void A_packed_file_is_read()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(TwoByThree);
        }

        Assert.Equal([10, 20, 30, 40, 50, 60], Read("array.gz", packed.ToArray()).Values);
    }

    [Theory]
    [InlineData("array", "", "ends before")]
    [InlineData("array", "00000802000000020000000300", "ends before")]
    [InlineData("array", "000008020000000200000003010203040506FF", "has data after its 6")]
    [InlineData("array", "00000D01000000010000", "begins with 00000D01")]
    [InlineData("array", "89504E470D0A1A0A", "begins with 89504E47")]
    [InlineData("array", "000008027FFFFFFF7FFFFFFF", "2147483647 x 2147483647")]
    [InlineData("array", "0000080100000000", "dimensions 0")]
    [InlineData("array", "00000801FFFFFFFF", "dimensions -1")]
    [InlineData("array", "000008017FFFFFF000", "ends before")]
    [InlineData("array.gz", "000008010000000107", "cannot be decompressed")]
    [InlineData("array.gz", "1F8B0800000000000003", "ends before")]
    public void A_bad_file_is_refused_with_its_name_and_the_reason(string name, string bytes, string reason)
    {
        var error = Assert.Throws<FoveaException>(() => Read(name, Convert.FromHexString(bytes)));
        Assert.Equal(ErrorCode.BadDataset, error.Code);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static IdxFile Read(string name, byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder[name], bytes);
        return IdxFile.Read(folder[name]);
    }
}
