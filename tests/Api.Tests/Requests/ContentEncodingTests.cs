using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.Requests;

public sealed class ContentEncodingTests(SharedService shared)
{
    private readonly TestService service = shared.Running;

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("x-gzip")]
    [InlineData("deflate")]
    [InlineData("deflate without a header")]
    [InlineData("br")]
    [InlineData("identity")]
    [InlineData("gzip, br")]
    [InlineData("identity, gzip")]
    public async Task Compressed_body_is_answered_as_the_plain_one(string encoding)
    {
        var (_, plain) = await service.Post("/classify/lenet5", Images.Digit.As("image/png"));
        var (status, json) = await service.Post("/classify/lenet5", Encoded(Images.Digit, encoding, "image/png"));
        Assert.Equal((200, Labels(plain)), (status, Labels(json)));
        var body = Encoding.UTF8.GetBytes($"{{\"image\": \"{Convert.ToBase64String(Images.Digit)}\"}}");
        Assert.Equal(Labels(plain), Labels((await service.Post("/classify/lenet5", Encoded(body, encoding, "application/json"))).Json));
        using var form = Images.Form(Images.Digit);
        var bytes = await form.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var (_, answers) = await service.Post("/classify/lenet5", Encoded(bytes, encoding, $"{form.Headers.ContentType}"));
        Assert.Equal(Labels(plain), Labels(answers[0]));
    }

    [Theory]
    [InlineData("zstd", 415, "unsupported_media_type", "The body's Content-Encoding is zstd; expected gzip, deflate, br or none.")]
    [InlineData("gzip, zstd", 415, "unsupported_media_type", "zstd")]
    [InlineData("gzip, gzip, gzip", 415, "unsupported_media_type", "gzip, gzip, gzip")]
    public async Task Other_encoding_is_named(string encoding, int status, string code, string named)
    {
        using var content = Images.Digit.As("image/png");
        content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        using var answer = await service.Client.PostAsync("/classify/lenet5", content, TestContext.Current.CancellationToken);
        Assert.Equal("gzip, deflate, br", string.Join(", ", answer.Headers.GetValues("Accept-Encoding")));
        await answer.IsProblem(status, code, named);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task Body_that_decodes_to_more_than_the_limit_is_413_and_one_that_does_not_decode_400(string encoding)
    {
        (
            await service.Post(
                "/classify/lenet5", Encoded(new byte[30 << 20], encoding, "image/png"))).Json.IsProblem(413, "too_large", "20,971,520");
        (
            await service.Post(
                "/classify/lenet5", Encoded(new byte[200 << 20], encoding, "application/json"))).Json.IsProblem(413, "too_large", "bytes");
        using var content = Encoding.UTF8.GetBytes("neither of these").As("image/png");
        content.Headers.ContentEncoding.Add(encoding);
        (await service.Post("/classify/lenet5", content)).Json.IsProblem(400, "malformed_request", $"cannot be decoded as {encoding}");
    }

    [Fact]
    public async Task Compressed_archive_counts_decoded_bytes_against_its_own_limit()
    {
        await using var datasets = await DatasetService.Start(
            "--Fovea:MaxRequestBytes=10000", "--Fovea:MaxImageBytes=10000", "--Fovea:MaxDatasetBytes=50000");
        var zip = Archives.Zip(Archives.AntsAndBees(60));
        Assert.Equal(
            201, (await datasets.Administrator.Send(HttpMethod.Post, "/datasets", Encoded(zip, "gzip", "application/zip"))).Status);
        (
            await datasets.Administrator.Send(
                HttpMethod.Post,
                "/datasets",
                Encoded(new byte[60_000], "gzip", "application/zip"))).Json.IsProblem(413, "too_large", "50,000");
    }

    [Fact]
    public async Task Byte_order_mark_before_JSON_is_skipped()
    {
        var (_, plain) = await service.Post("/classify/lenet5", Images.Digit.As("image/png"));
        byte[] json = [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes($"{{\"image\": \"{Convert.ToBase64String(Images.Digit)}\"}}")];
        Assert.Equal(Labels(plain), Labels((await service.Post("/classify/lenet5", json.As("application/json"))).Json));
        var digit = Convert.ToBase64String(Images.Digit);
        byte[] infer = [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(
            $$"""{"inputs": [{"name": "input", "datatype": "BYTES", "shape": [1], "data": ["{{digit}}"]}]}""")];
        var (status, answer) = await service.Post("/v2/models/lenet5/infer", infer.As("application/json"));
        Assert.True(status == 200, $"{answer}");
    }

    [Theory]
    [InlineData("unpadded")]
    [InlineData("of URLs")]
    [InlineData("of URLs, unpadded")]
    [InlineData("in lines")]
    [InlineData("data URL")]
    [InlineData("data URL with parameters")]
    [InlineData("data URL, escaped")]
    public async Task Base64_is_taken_in_every_usual_form(string kind)
    {
        var (_, plain) = await service.Post("/classify/lenet5", Images.Digit.As("image/png"));

        // Some bytes behind the end of a PNG, so that the text has all letters and needs padding.
        var tail = Enumerable.Range(0, 256).Select(i => (byte)(255 - i));
        byte[] image = [.. Images.Digit, .. tail, .. new byte[2 - (Images.Digit.Length % 3)]];
        var base64 = Convert.ToBase64String(image);
        Assert.True(base64.Contains('+', StringComparison.Ordinal) && base64.Contains('/', StringComparison.Ordinal));
        var text = kind switch
        {
            "unpadded" => base64.TrimEnd('='),
            "of URLs" => base64.Replace('+', '-').Replace('/', '_'),
            "of URLs, unpadded" => base64.Replace('+', '-').Replace('/', '_').TrimEnd('='),
            "in lines" => string.Join("\\r\\n", base64.Chunk(76).Select(line => new string(line))),
            "data URL" => $"data:image/png;base64,{base64}",
            "data URL with parameters" => $"DATA:image/png;name=a.png;BASE64,{base64}",
            _ => $"data:image/png;base64,{Uri.EscapeDataString(base64)}",
        };
        var (status, json) = await service.Post(
            "/classify/lenet5", Encoding.UTF8.GetBytes($"{{\"image\": \"{text}\"}}").As("application/json"));
        Assert.Equal((200, Labels(plain)), (status, Labels(json)));
    }

    // The labels in their order; the last digits of probabilities depend on how many images run at once.
    private static string Labels(JsonElement answer) =>
        string.Join(
            ' ', answer.GetProperty("predictions").EnumerateArray().Select(prediction => prediction.GetProperty("label").GetString()));

    private static ByteArrayContent Encoded(byte[] bytes, string encoding, string mediaType)
    {
        bool isRaw = encoding == "deflate without a header";
        foreach (var one in encoding.ToLowerInvariant().Split(", "))
        {
            using var packed = new MemoryStream();
            using (Stream encoder = one switch
            {
                "gzip" or "x-gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                "br" => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
                "identity" => new BufferedStream(new Kept(packed)),
                _ => new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            })
            {
                encoder.Write(bytes);
            }

            bytes = packed.ToArray();
        }

        var content = new ByteArrayContent(bytes) { Headers = { ContentType = MediaTypeHeaderValue.Parse(mediaType) } };
        content.Headers.TryAddWithoutValidation("Content-Encoding", isRaw ? "deflate" : encoding);
        return content;
    }

    // Stays open when what writes to it is disposed of.
    private sealed class Kept(MemoryStream inner) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);
    }
}
