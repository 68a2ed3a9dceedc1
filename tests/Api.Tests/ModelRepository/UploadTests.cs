using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.ModelRepository;

[Trait("Needs", "time")]
public sealed class UploadTests
{
    private const string Preprocessing = """ "preprocessing": { "crop": [28, 28], "color": "Gray" } """;

    public static TheoryData<string, string, string> Refused => new()
    {
        { "/models/new/versions/1", "broken", "is damaged" },
        { "/models/new/versions/1", "truncated", "is damaged" },
        { "/models/new/versions/1", "two inputs", "expected one input of floats" },
        { "/models/new/versions/1", "five channels", "[N, 5, 28, 28]" },
        { "/models/new/versions/1", "foreign", "model.json" },
        { "/models/new/versions/1", "greedy", "" },
        { "/models/new/versions/1", "empty", "empty" },
        { "/models/lenet5/versions/1", "good", "has a version 1 already" },
        { "/models/new/versions/0", "good", "0 cannot be a version" },
        { "/models/new/versions/01", "good", "01 cannot be a version" },
        { "/models/new/versions/-1", "good", "-1 cannot be a version" },
        { "/models/new/versions/99999999999", "good", "cannot be a version" },
        { "/models/a..b/versions/1", "good", "and '..' is not allowed" },
        { "/models/%2e%2e%2fevil/versions/1", "good", "cannot be a model's name" },
        { "/models/.hidden/versions/1", "good", "cannot be a model's name" },
        { "/models/a%20b/versions/1", "good", "cannot be a model's name" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task Invalid_upload_is_refused_with_the_reason_and_changes_nothing(string path, string body, string reason)
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository, $"--Fovea:CheckMemoryBytes={512 << 20}");
        var before = Tree(repository);
        var (status, json) = await administrator.Put(path, Body(body));
        Assert.True(status is 400 or 409 or 422, $"{status} {json}");
        Assert.Contains(reason, json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(repository.Folder, $"{json}", StringComparison.Ordinal);
        Assert.Equal(before, Tree(repository));
        Assert.Equal(1, (await administrator.Service.Get("/models")).GetArrayLength());
    }

    [Fact]
    public async Task Uploaded_version_serves_and_so_does_an_uploaded_new_model()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        var (status, json) = await administrator.Put("/models/lenet5/versions/2", Body("good"));
        Assert.Equal((201, 2, "ready"), (status, json.GetProperty("defaultVersion").GetInt32(), json.GetProperty("state").GetString()));
        Assert.Equal(2, await administrator.Version());
        Assert.Equal(1, await administrator.Version("/classify/lenet5/versions/1"));
        Assert.Equal(201, (await administrator.Put("/models/new-1.0_b/versions/7", Body("good"))).Status);
        Assert.Equal(7, await administrator.Version("/classify/new-1.0_b"));
        Assert.Equal(
            ["lenet5/1/model.onnx", "lenet5/2/model.onnx", "new-1.0_b/7/model.onnx"],
            Tree(repository).Select(row => row[..row.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData("names.txt", "names.txt", null)]
    [InlineData("../names.txt", "names.txt", "labels is ../names.txt")]
    [InlineData("../../../../etc/passwd", "names.txt", "labels is ../../../../etc/passwd")]
    [InlineData("names.txt", "../names.txt", "'../names.txt'")]
    [InlineData("names.txt", "evil.so", "'evil.so'")]
    public async Task Foreign_file_is_uploaded_with_its_json_and_labels(string labels, string file, string? reason)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(Body("foreign")), "model", "foreign.onnx" },
            { new StringContent($$"""{ "labels": "{{labels}}", {{Preprocessing}} }"""), "json", "foreign.json" },
            { new StringContent("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"), "labels", file },
        };
        var (status, json) = await administrator.Send(HttpMethod.Put, "/models/foreign/versions/1", form);
        if (reason is null)
        {
            Assert.Equal(201, status);
            Assert.Equal(200, (await administrator.Service.Post("/classify/foreign", Images.Digit.As(null))).Status);
            return;
        }

        Assert.Contains(reason, json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(Tree(repository));
    }

    [Fact]
    public async Task Model_over_the_limit_is_refused_with_and_without_a_declared_length()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository, "--Fovea:MaxModelBytes=100000");
        (await administrator.Put("/models/new/versions/1", Body("good"))).Json.IsProblem(413, "too_large", "100,000");
        (await administrator.Send(HttpMethod.Put, "/models/new/versions/1", new DribblingContent(Body("good"), 50_000)))
            .Json.IsProblem(413, "too_large", "100,000");
        Assert.Empty(Tree(repository));
    }

    [Fact]
    public async Task Model_of_2_gigabytes_is_refused_before_it_is_sent()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var client = new TcpClient("127.0.0.1", administrator.Service.Client.BaseAddress!.Port);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(
                "PUT /models/new/versions/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    + $"{Administrator.Key}\r\nContent-Length: 2147483648\r\n\r\n"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Model_may_exceed_the_limit_of_other_requests()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(
            repository, "--Fovea:MaxRequestBytes=100000", "--Fovea:MaxImageBytes=100000");
        Assert.Equal(201, (await administrator.Put("/models/new/versions/1", Body("good"))).Status);
    }

    [Fact]
    public async Task Check_that_takes_too_long_is_stopped()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository, "--Fovea:CheckSeconds=2");
        Directory.CreateDirectory(Path.Combine(repository.Folder, "slow"));

        // Opening a named pipe for reading blocks until another process opens it for writing, so this check never finishes by itself.
        using (var mkfifo = Process.Start("mkfifo", Path.Combine(repository.Folder, "slow", "model.json")))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        (await administrator.Put("/models/slow/versions/1", Body("good"))).Json.IsProblem(422, "bad_model_file", "within 2 seconds");
    }

    [Fact]
    public async Task Message_names_the_repository_that_cannot_be_written_to()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);

        // A file has the name of the model's folder.
        await File.WriteAllTextAsync(Path.Combine(repository.Folder, "new"), "", TestContext.Current.CancellationToken);
        (await administrator.Put("/models/new/versions/1", Body("good")))
            .Json.IsProblem(507, "cannot_write", "repository cannot be written to");
    }

    internal static byte[] Body(string kind)
    {
        var graph = Catalog.Find("lenet5").Build(seed: 5);
        switch (kind)
        {
            case "broken":
                return "no ONNX"u8.ToArray();
            case "empty":
                return [];
            case "truncated":
                return OnnxFile.ToBytes(graph)[..100_000];
            case "two inputs":
                graph.Outputs[0] = graph.Apply("Add", [graph.Outputs[0], graph.Input("other", ElementType.Float, new Shape(1, 10))]);
                break;
            case "five channels":
                var wide = new Graph("wide");
                var weights = wide.Initializer("w", Tensor.Of(new Shape(2, 5, 28, 28), new float[2 * 5 * 28 * 28]));
                wide.Output(wide.Flatten(wide.Conv(wide.Input("input", ElementType.Float, new Shape(Shape.Free, 5, 28, 28)), weights)));
                wide.Metadata["fovea.preprocessing"] = """{"crop":[28,28],"color":"Gray"}""";
                graph = wide;
                break;
            case "greedy":
                // A constant of 4 GB that takes a few bytes in the file.
                var vast = graph.Expand(graph.Scalar(1), new Shape(1, 10, 10_000, 10_000));
                var sum = graph.Apply(
                    "Add", [graph.Outputs[0], graph.Apply("ReduceMax", [vast], ("axes", new long[] { 2, 3 }), ("keepdims", 0L))]);
                graph.Outputs.Clear();
                graph.Output(sum);
                break;
            case "foreign":
                graph.Metadata.Clear();
                break;
            default:
                break;
        }

        return OnnxFile.ToBytes(graph);
    }

    private static string[] Tree(Repository repository) =>
    [
        .. Directory.EnumerateFileSystemEntries(repository.Folder, "*", SearchOption.AllDirectories)
            .Where(path => File.Exists(path) || Path.GetFileName(path).StartsWith('.'))
            .Select(path => $"{Path.GetRelativePath(repository.Folder, path)}:{(File.Exists(path) ? new FileInfo(path).Length : 0)}")
            .Order(StringComparer.Ordinal),
    ];
}
