using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.DatasetRepository;

[Trait("Needs", "time")]
public sealed class HostileArchiveTests
{
    private static readonly byte[] Spare = Archives.Photo(200);

    public static TheoryData<string, string, string> Paths => new()
    {
        { "../evil.png", "../evil.png", "'..'" },
        { "ants/../../evil.png", "ants/../../evil.png", "'..'" },
        { @"ants\..\..\evil.png", "ants/../../evil.png", "'..'" },
        { "/etc/evil.png", "/etc/evil.png", "begins at the root" },
        { "C:/evil/1.png", "C:/evil/1.png", "cannot be stored on every system" },
        { "ants/a\u0001b.png", "ants/a\u0001b.png", "control characters" },
        { "ants//b.png", "ants//b.png", "without a name" },
        { "ants/1.png ", "ants/1.png ", "at its end" },
        { $"ants/{new string('x', 300)}.png", $"ants/{new string('x', 300)}.png", "more than 200 bytes" },
        { "ants/deep/er.png", "ants/deep/er.png", "below its class folder" },
        { "stray.png", "stray.png", "not in a class folder" },
        { "ants/0.PNG", "ants/0.png", "only by case" },
        { "ants/0.png", "ants/0.png", "has this path twice" },
    };

    [Theory, MemberData(nameof(Paths))]
    public async Task File_with_an_invalid_path_is_listed_and_written_nowhere(string path, string named, string reason)
    {
        await using var service = await DatasetService.Start();
        var (status, json) = await service.Upload([.. Archives.AntsAndBees(12), (path, Spare)]);
        Assert.Equal(201, status);
        var refused = Assert.Single(json.GetProperty("refused").EnumerateArray());
        Assert.Equal(named, refused.GetProperty("file").GetString());
        Assert.Contains(reason, refused.GetProperty("reason").GetString(), StringComparison.Ordinal);
        var stored = Path.Combine(service.Folder, json.GetProperty("id").GetString()!);
        Assert.Equal(25, Directory.GetFiles(stored, "*", SearchOption.AllDirectories).Length);
        Assert.Single(service.Left);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.GetDirectoryName(service.Folder)!, "*", SearchOption.AllDirectories),
            file => file.Contains("evil", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Backslashes_separate_folders()
    {
        await using var service = await DatasetService.Start();
        var (status, json) = await service.Upload([.. Archives.AntsAndBees(2).Select(file => (file.Path.Replace('/', '\\'), file.Bytes))]);
        Assert.Equal((201, 0), (status, json.GetProperty("refused").GetArrayLength()));
    }

    [Fact]
    public async Task Links_and_encrypted_damaged_or_vast_images_are_listed_as_refused()
    {
        await using var service = await DatasetService.Start($"--Fovea:MaxImageBytes={4 << 20}");
        (string Path, byte[] Bytes)[] files =
        [
            .. Archives.AntsAndBees(90), ("ants/link.png", Spare), ("ants/socket.png", Spare), ("bees/locked.png", Archives.Photo(201)),
            ("bees/cut.jpg", Images.Stroke(SkiaSharp.SKEncodedImageFormat.Jpeg, 300)[..2000]),
            ("bees/wide.png", Images.Blank(20_000, 1)), ("bees/empty.png", []), ("bees/large.png", new byte[5 << 20]),
            ("bees/zip.png", Archives.Zip(("a/b.png", Spare))), ("bees/bomb.png", new byte[3 << 20]),
            ("bees/other ant.png", Archives.Photo(0)),
        ];
        var zip = Archives.Zip(
            files,
            (path, entry) =>
                entry.ExternalAttributes = path switch
                {
                    "ants/link.png" => 0xA1FF << 16,
                    "ants/socket.png" => 0xC1FF << 16,
                    _ => 0x81A4 << 16,
                });
        Header(zip, "bees/locked.png", at: 8, bytes: 2, 1);
        var (status, json) = await service.Upload(zip);
        Assert.Equal(201, status);
        var refused = json.GetProperty("refused")
            .EnumerateArray()
            .ToDictionary(file => file.GetProperty("file").GetString()!, file => file.GetProperty("reason").GetString()!);
        Assert.Equal(
            [
                "ants/link.png",
                "ants/socket.png",
                "bees/bomb.png",
                "bees/cut.jpg",
                "bees/empty.png",
                "bees/large.png",
                "bees/locked.png",
                "bees/other ant.png",
                "bees/wide.png",
                "bees/zip.png",
            ],
            refused.Keys);
        foreach (var (file, reason) in (ReadOnlySpan<(string, string)>)
        [
            ("ants/link.png", "a link"), ("ants/socket.png", "not a regular file"), ("bees/bomb.png", "times its size"),
            ("bees/cut.jpg", "damaged"), ("bees/empty.png", "0 bytes"), ("bees/large.png", "at most 4,194,304"),
            ("bees/locked.png", "encrypted"), ("bees/other ant.png", "same image as ants/0.png"), ("bees/wide.png", "a side"),
            ("bees/zip.png", "not an image"),
        ])
        {
            Assert.Contains(reason, refused[file], StringComparison.Ordinal);
            Assert.EndsWith(".", refused[file], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("no zip", 422, "bad_dataset", "not a zip file")]
    [InlineData("nothing", 400, "empty_body", "is empty")]
    [InlineData("cut short", 422, "bad_dataset", "no directory")]
    [InlineData("no entries", 422, "bad_dataset", "has 0 class folders")]
    [InlineData("one class", 422, "bad_dataset", "has 1 class folders, ants")]
    [InlineData("one class in a folder", 422, "bad_dataset", "has 1 class folders, ants")]
    [InlineData("no folders", 422, "bad_dataset", "not in a class folder")]
    [InlineData("case clash", 422, "bad_dataset", "Ants and ants differ only by case")]
    [InlineData("class without images", 422, "bad_dataset", "The class bees has 0 usable images")]
    [InlineData("class of one image", 422, "bad_dataset", "The class bees has 1 usable images")]
    [InlineData("part without a class", 422, "bad_dataset", "val has no class bees")]
    [InlineData("all encrypted", 422, "bad_dataset", "encrypted")]
    [InlineData("many entries", 413, "too_large", "more than the 30 entries")]
    [InlineData("many entries, few declared", 413, "too_large", "more than the 30 entries")]
    [InlineData("more unpacked than allowed", 413, "too_large", "unpacks to")]
    [InlineData("more bytes than allowed", 413, "too_large", "at most 100,000")]
    [InlineData("overlapping entries", 422, "bad_dataset", "overlap")]
    [InlineData("size that lies", 422, "bad_dataset", "bees has 1 usable images")]
    [InlineData("directory elsewhere", 422, "bad_dataset", "")]
    public async Task Archive_that_is_not_a_data_set_is_refused_and_leaves_no_files(string kind, int status, string code, string reason)
    {
        await using var service = await DatasetService.Start("--Fovea:MaxDatasetFiles=30", "--Fovea:MaxDatasetBytes=100000");
        (await service.Upload(Archive(kind))).Json.IsProblem(status, code, reason);
        Assert.Empty(service.Left);
        Assert.Empty(service.Administrator.Service.Logs.Errors);
        Assert.Equal(201, (await service.Upload(Archives.AntsAndBees(2))).Status);
    }

    [Fact]
    public async Task More_than_a_twentieth_of_unusable_files_and_a_class_that_would_vanish_are_refused_by_name()
    {
        await using var service = await DatasetService.Start();
        byte[] heic = [0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0, .. "mif1heic"u8];
        (await service.Upload([.. Archives.AntsAndBees(9), ("bees/cut.png", Images.TruncatedPng)])).Json.IsProblem(
            422, "bad_dataset", "1 of the 19 files in the archive are not readable images");
        (await service.Upload([.. Archives.AntsAndBees(9), ("bees/cut.png", Images.TruncatedPng)])).Json.IsProblem(
            422, "bad_dataset", "bees/cut.png: The PNG is damaged");
        (await service.Upload([.. Archives.AntsAndBees(40), ("wasps/1.heic", heic)])).Json.IsProblem(
            422, "bad_dataset", "wasps/1.heic: The image is an HEIC file, which cannot be decoded");
        Assert.Empty(service.Left);
        Assert.Equal(201, (await service.Upload([.. Archives.AntsAndBees(10), ("bees/cut.png", Images.TruncatedPng)])).Status);
    }

    [Fact]
    public async Task Something_declared_as_no_zip_file_is_415()
    {
        await using var service = await DatasetService.Start();
        (await service.Administrator.Send(HttpMethod.Post, "/datasets", Images.Digit.As("image/png")))
            .Json.IsProblem(415, "unsupported_media_type", "application/zip");
    }

    [Fact]
    public async Task Archive_may_exceed_the_limit_of_other_requests_but_not_its_own_limit()
    {
        await using var service = await DatasetService.Start(
            "--Fovea:MaxRequestBytes=10000", "--Fovea:MaxImageBytes=10000", "--Fovea:MaxDatasetBytes=50000");
        var zip = Archives.Zip(Archives.AntsAndBees(60));
        Assert.InRange(zip.Length, 10_001, 50_000);
        Assert.Equal(201, (await service.Upload(zip)).Status);
        (await service.Administrator.Send(HttpMethod.Post, "/datasets", new DribblingContent(new byte[60_000], 20_000)))
            .Json.IsProblem(413, "too_large", "at most 50,000");
    }

    [Fact]
    public async Task Client_that_disconnects_during_an_upload_leaves_no_files()
    {
        await using var service = await DatasetService.Start();
        using (var client = new TcpClient("127.0.0.1", service.Client.BaseAddress!.Port))
        {
            await client.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /datasets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {Administrator.Key}\r\nContent-Length: "
                        + "5000\r\n\r\nPK"),
                TestContext.Current.CancellationToken);
            await Eventually.True(() => Task.FromResult(service.Left.Any()));
        }

        await Eventually.True(() => Task.FromResult(!service.Left.Any()));
        Assert.Empty(service.Administrator.Service.Logs.Errors);
    }

    [Fact]
    public async Task Message_names_the_folder_that_cannot_be_written_to()
    {
        await using var service = await DatasetService.Start();
        await File.WriteAllTextAsync(service.Folder, "", TestContext.Current.CancellationToken);
        (await service.Upload(Archives.AntsAndBees(2))).Json.IsProblem(507, "cannot_write", "The folder of data sets cannot be written to");
        File.Delete(service.Folder);
    }

    private static byte[] Archive(string kind)
    {
        var both = Archives.Zip(Archives.AntsAndBees(2));
        switch (kind)
        {
            case "no zip":
                return "not a zip file"u8.ToArray();
            case "nothing":
                return [];
            case "cut short":
                return both[..(both.Length / 2)];
            case "no entries":
                return Archives.Zip();
            case "one class":
                return Archives.Zip([.. Archives.AntsAndBees(3).Where(file => file.Path.StartsWith("ants", StringComparison.Ordinal))]);
            case "one class in a folder":
                return Archives.Zip(
                    [.. Archives.AntsAndBees(3, "photos/").Where(file => file.Path.Contains("ants", StringComparison.Ordinal))]);
            case "no folders":
                return Archives.Zip(("1.png", Archives.Photo(1)), ("2.png", Archives.Photo(2)));
            case "case clash":
                return Archives.Zip([.. Archives.AntsAndBees(2), ("Ants/0.png", Spare)]);
            case "class without images":
                return Archives.Zip(
                    ("ants/1.png", Archives.Photo(1)), ("ants/2.png", Archives.Photo(2)), ("bees/1.txt", "text"u8.ToArray()));
            case "class of one image":
                return Archives.Zip(
                    ("ants/1.png", Archives.Photo(1)), ("ants/2.png", Archives.Photo(2)), ("bees/1.png", Archives.Photo(3)));
            case "part without a class":
                return Archives.Zip([.. Archives.AntsAndBees(2, "train/"), ("val/ants/5.png", Spare)]);
            case "all encrypted":
                foreach (var (path, _) in Archives.AntsAndBees(2))
                {
                    Header(both, path, at: 8, bytes: 2, 1);
                }

                return both;
            case "many entries":
                return Archives.Zip(Archives.AntsAndBees(20));
            case "many entries, few declared":
                var many = Archives.Zip(Archives.AntsAndBees(20));
                BinaryPrimitives.WriteUInt16LittleEndian(many.AsSpan(many.Length - 14), 1);
                BinaryPrimitives.WriteUInt16LittleEndian(many.AsSpan(many.Length - 12), 1);
                return many;
            case "more unpacked than allowed":
                return Archives.Zip([.. Archives.AntsAndBees(2), ("ants/zeros.png", new byte[100_001])]);
            case "more bytes than allowed":
                return new byte[100_001];
            case "overlapping entries":
                // Each entry declares the length of the whole archive.
                foreach (var (path, _) in Archives.AntsAndBees(2))
                {
                    Header(both, path, at: 20, bytes: 4, both.Length - 100);
                }

                return both;
            case "size that lies":
                // The entry declares an unpacked size of a few bytes.
                Header(both, "bees/0.png", at: 24, bytes: 4, 20);
                return both;
            case "directory elsewhere":
                BinaryPrimitives.WriteUInt32LittleEndian(both.AsSpan(both.Length - 6), 0xFFFFFF00);
                return both;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind));
        }
    }

    // Overwrites a field of an entry in the directory, at the offset of APPNOTE.TXT 4.3.12. Zip readers read the directory.
    private static void Header(byte[] zip, string path, int at, int bytes, int value)
    {
        int name = zip.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(path));
        BitConverter.GetBytes(value).AsSpan(0, bytes).CopyTo(zip.AsSpan(name - 46 + at));
    }
}
