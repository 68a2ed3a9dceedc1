using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Problems;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.Tests.DatasetRepository;

public sealed class ArchiveDirectoryTests
{
    // Offsets in an entry of the directory (APPNOTE.TXT 4.3.12).
    private const int Packed = 20, Unpacked = 24, Start = 42;

    [Theory]
    [InlineData("long path", 422, "bad_dataset", "has 60,009 bytes; expected at most 1,024")]
    [InlineData("long path of many bytes a letter", 422, "bad_dataset", "bytes; expected at most 1,024")]
    [InlineData("long comment", 422, "bad_dataset", "5,000 bytes of extra fields and comments")]
    [InlineData("much in all comments", 413, "too_large", "more than 69,376 bytes")]
    [InlineData("two entries with the same data", 422, "bad_dataset", "overlap")]
    [InlineData("data in the directory", 422, "bad_dataset", "overlap")]
    [InlineData("data behind the file", 422, "bad_dataset", "overlap")]
    [InlineData("sizes in a field that is missing", 422, "bad_dataset", "overlap")]
    public async Task Oversized_or_inconsistent_directory_is_refused_with_a_short_message(
        string kind, int status, string code, string reason)
    {
        await using var service = await DatasetService.Start("--Fovea:MaxDatasetFiles=30");
        var (_, json) = await service.Upload(Archive(kind));
        json.IsProblem(status, code, reason);
        Assert.InRange($"{json}".Length, 0, 1_000);
        Assert.Empty(service.Left);
        Assert.Empty(service.Administrator.Service.Logs.Errors);
    }

    [Fact]
    public async Task Archive_with_comments_and_paths_of_usual_lengths_is_accepted()
    {
        await using var service = await DatasetService.Start("--Fovea:MaxDatasetFiles=30");
        var zip = Archives.Zip(Archives.AntsAndBees(10, $"{new string('f', 150)}/"), (_, entry) => entry.Comment = "taken in the garden");
        Assert.Equal(201, (await service.Upload(zip)).Status);
    }

    [Fact]
    public void Vast_directory_is_refused_without_being_kept_in_memory()
    {
        const int Entries = 60_000, Path = 900;
        using var archive = new MemoryStream();
        using (var zip = new ZipArchive(archive, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (int i = 0; i < Entries; i++)
            {
                zip.CreateEntry($"{i}/{new string('x', Path)}.png");
            }
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<ServiceException>(() => ArchiveDirectory.Check(archive, 200_000));
        Assert.Equal(ServiceError.TooLarge, refusal.Error);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Sizes_and_positions_are_read_from_the_zip64_field()
    {
        // An archive of one entry. Its header gives 0xFFFFFFFF for all three values, and its extra field gives the true ones.
        var path = "a.png"u8;
        byte[] data = [1, 2, 3];
        using var archive = new MemoryStream();
        archive.Write(LocalHeader(path));
        archive.Write(data);
        long directory = archive.Position;
        archive.Write(Entry(path, [data.Length, data.Length, 0]));
        archive.Write(End(directory, archive.Position - directory));
        ArchiveDirectory.Check(archive, 10);

        archive.SetLength(directory);
        archive.Position = directory;
        archive.Write(Entry(path, [data.Length, 1_000, 0]));
        archive.Write(End(directory, archive.Position - directory));
        Assert.Contains(
            "overlap", Assert.Throws<FoveaException>(() => ArchiveDirectory.Check(archive, 10)).Message, StringComparison.Ordinal);
    }

    private static byte[] Archive(string kind)
    {
        var files = Archives.AntsAndBees(2);
        switch (kind)
        {
            case "long path":
                return Archives.Zip([.. files, ($"ants/{new string('x', 60_000)}.png", Archives.Photo(7))]);
            case "long path of many bytes a letter":
                return Archives.Zip([.. files, ($"ants/{new string('\u00e4', 600)}.png", Archives.Photo(7))]);
            case "long comment":
                return Archives.Zip(files, (_, entry) => entry.Comment = new string('c', 5_000));
            case "much in all comments":
                return Archives.Zip(Archives.AntsAndBees(15), (_, entry) => entry.Comment = new string('c', 4_000));
        }

        var zip = Archives.Zip(files);
        int directory = zip.AsSpan().IndexOf("PK\x01\x02"u8);
        switch (kind)
        {
            case "two entries with the same data":
                Set(zip, "bees/0.png", Start, Get(zip, "ants/0.png", Start));
                break;
            case "data in the directory":
                Set(zip, "bees/0.png", Start, (uint)directory);
                break;
            case "data behind the file":
                Set(zip, "bees/0.png", Start, 0xFFFFFF00);
                break;
            default:
                Set(zip, "bees/0.png", Packed, uint.MaxValue);
                Set(zip, "bees/0.png", Unpacked, uint.MaxValue);
                break;
        }

        return zip;
    }

    private static Span<byte> Field(byte[] zip, string path, int at) =>
        zip.AsSpan(zip.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(path)) - 46 + at, 4);

    private static uint Get(byte[] zip, string path, int at) => BinaryPrimitives.ReadUInt32LittleEndian(Field(zip, path, at));

    private static void Set(byte[] zip, string path, int at, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(Field(zip, path, at), value);

    private static byte[] LocalHeader(ReadOnlySpan<byte> path)
    {
        var header = new byte[30 + path.Length];
        "PK\x03\x04"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(26), (ushort)path.Length);
        path.CopyTo(header.AsSpan(30));
        return header;
    }

    private static byte[] Entry(ReadOnlySpan<byte> path, long[] wide)
    {
        var entry = new byte[46 + path.Length + 4 + (8 * wide.Length)];
        "PK\x01\x02"u8.CopyTo(entry);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(Packed), uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(Unpacked), uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(Start), uint.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(28), (ushort)path.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(30), (ushort)(4 + (8 * wide.Length)));
        path.CopyTo(entry.AsSpan(46));
        var field = entry.AsSpan(46 + path.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(field, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(field[2..], (ushort)(8 * wide.Length));
        for (int i = 0; i < wide.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(field[(4 + (8 * i))..], wide[i]);
        }

        return entry;
    }

    private static byte[] End(long directory, long length)
    {
        var end = new byte[22];
        "PK\x05\x06"u8.CopyTo(end);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), (uint)directory);
        return end;
    }
}
