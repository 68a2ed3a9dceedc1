using System.Text.Json;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.ModelRepository;

namespace Fovea.Api.Tests.Problems;

public sealed class PrivatePathsTests
{
    private static readonly string Staging = $".upload-{new string('a', 32)}";

    public static TheoryData<string, string> Sentences => new()
    {
        { "/srv/onnx/lenet5/1/model.onnx is damaged.", "lenet5/1/model.onnx is damaged." },
        { "'/srv/onnx/lenet5/default' cannot be written.", "'lenet5/default' cannot be written." },
        { "Access to the path '/srv/onnx' is denied.", "Access to the path 'the model repository' is denied." },
        { "It is in /srv/onnx.", "It is in the model repository." },
        { "It is in /srv/onnx/, or not.", "It is in the model repository, or not." },
        { $"/srv/onnx/{Staging}/files/model.onnx is damaged.", "model.onnx is damaged." },
        { $"/srv/data/datasets/{Staging}/files/ants/1.png, /srv/data/fovea.db", "datasets/ants/1.png, fovea.db" },
        { $"{Path.GetTempPath()}a/b and {Path.GetTempPath()}", "a/b and the temporary folder" },
        { "/srv/onnx2/a, /srv/onnx.bak/a, /mnt/srv/onnx/a", "/srv/onnx2/a, /srv/onnx.bak/a, /mnt/srv/onnx/a" },
        { "Nothing is wrong.", "Nothing is wrong." },
    };

    [Theory, MemberData(nameof(Sentences))]
    public void Paths_in_messages_lose_the_folders_of_the_service(string sentence, string expected) =>
        Assert.Equal(expected, new PrivatePaths(new Settings { ModelRepository = "/srv/onnx", Data = "/srv/data/" }).RemoveFrom(sentence));

    [Fact]
    public void Linked_folder_is_removed_under_both_of_its_paths()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["real"]);
        Directory.CreateSymbolicLink(folder["link"], folder["real"]);
        var paths = new PrivatePaths(new Settings { ModelRepository = folder["link"], Data = "/srv/data" });
        Assert.Equal("a/1 and a/2", paths.RemoveFrom($"{folder["link"]}/a/1 and {folder["real"]}/a/2"));
    }

    public static TheoryData<string, string?, byte[]> Uploads => new()
    {
        {
            "labels that are the folder",
            """{ "labels": ".", "preprocessing": { "crop": [28, 28], "color": "Gray" } }""",
            UploadTests.Body("foreign")
        },
        {
            "labels that are the folder above",
            """{ "labels": "..", "preprocessing": { "crop": [28, 28], "color": "Gray" } }""",
            UploadTests.Body("foreign")
        },
        {
            "labels that are not there",
            """{ "labels": "a.txt", "preprocessing": { "crop": [28, 28], "color": "Gray" } }""",
            UploadTests.Body("foreign")
        },
        { "no JSON", "{", UploadTests.Body("foreign") },
        { "no ONNX", null, "no ONNX"u8.ToArray() },
        { "external data", null, WithExternalData() },
    };

    [Theory, MemberData(nameof(Uploads))]
    [Trait("Needs", "time")]
    public async Task Refused_upload_names_no_folder_of_this_machine(string kind, string? json, byte[] model)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var form = new MultipartFormDataContent { { new ByteArrayContent(model), "model", "a.onnx" } };
        if (json is not null)
        {
            form.Add(new StringContent(json), "json", "a.json");
        }

        var (status, problem) = await administrator.Send(HttpMethod.Put, "/models/new/versions/1", form);
        Assert.True(status == 422, $"{kind}: {problem}");
        Shows(problem, repository);
    }

    [Fact]
    [Trait("Needs", "time")]
    public async Task Failures_of_the_disk_name_no_folder_of_this_machine()
    {
        using var repository = new Repository().With("lenet5", 1, 2);
        await using var administrator = await Administrator.Start(repository);

        // A folder in place of the file makes writing fail, even for root.
        Directory.CreateDirectory(Path.Combine(repository.Folder, "lenet5", "default", "full"));
        Shows(Problem(await administrator.Post("/models/lenet5/versions/1/publish")), repository);
        Shows(Problem(await administrator.Post("/models/lenet5/load")), repository);
        repository.WithFile("lenet5/2/model.onnx", "no ONNX");
        Directory.Delete(Path.Combine(repository.Folder, "lenet5", "default"), recursive: true);
        Shows(Problem(await administrator.Post("/models/lenet5/load")), repository);
        Shows(await administrator.Service.Get("/models/lenet5"), repository);
        Shows(await administrator.Service.Get("/models"), repository);
    }

    private static JsonElement Problem((int Status, JsonElement Json) answer)
    {
        Assert.True(answer.Status is 503 or 507, $"{answer.Json}");
        return answer.Json;
    }

    private static void Shows(JsonElement json, Repository repository)
    {
        Assert.DoesNotContain(repository.Folder, $"{json}", StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetTempPath(), $"{json}", StringComparison.Ordinal);
        Assert.DoesNotContain(".upload-", $"{json}", StringComparison.Ordinal);
    }

    // A network whose weights are declared to be in another file, which does not exist; written with the field numbers of onnx.proto.
    private static byte[] WithExternalData()
    {
        byte[] location = [.. Text(1, "location"), .. Text(2, "weights.bin")];
        byte[] weights =
        [
            .. Number(1, 64), .. Number(1, 2), .. Number(2, 1), .. Text(8, "weights"), .. Field(13, location), .. Number(14, 1),
        ];
        byte[] graph =
        [
            .. Field(1, [.. Text(1, "input"), .. Text(2, "flat"), .. Text(4, "Flatten")]),
            .. Field(1, [.. Text(1, "flat"), .. Text(1, "weights"), .. Text(2, "output"), .. Text(4, "MatMul")]),
            .. Text(2, "external"),
            .. Field(5, weights),
            .. Field(11, Tensor("input", 1, 1, 8, 8)),
            .. Field(12, Tensor("output", 1, 2)),
        ];
        return [.. Number(1, 8), .. Field(7, graph), .. Field(8, Number(2, 17))];

        static byte[] Tensor(string name, params int[] shape)
        {
            byte[] dimensions = [.. shape.SelectMany(size => Field(1, Number(1, size)))];
            return [.. Text(1, name), .. Field(2, Field(1, [.. Number(1, 1), .. Field(2, dimensions)]))];
        }

        static byte[] Text(int field, string text) => Field(field, System.Text.Encoding.UTF8.GetBytes(text));

        static byte[] Field(int field, byte[] bytes) => [.. Varint((field << 3) | 2), .. Varint(bytes.Length), .. bytes];

        static byte[] Number(int field, int value) => [.. Varint(field << 3), .. Varint(value)];

        static byte[] Varint(int value) => value < 128 ? [(byte)value] : [(byte)(value | 128), .. Varint(value >> 7)];
    }
}
