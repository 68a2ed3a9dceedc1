using System.Text;
using System.Text.Json;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;
using Fovea.Models.Tests.Adoption;
using Google.Protobuf;

namespace Fovea.Api.Tests.ModelRepository;

[Trait("Needs", "time")]
public sealed class ForeignUploadTests
{
    private const string Version = "/models/foreign/versions/1";

    [Fact]
    public async Task Findings_are_in_the_answer_to_the_upload_and_in_the_description_and_not_for_own_files()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var administrator = await Administrator.Start(repository);
        using var form = Form(
            Bytes(ForeignNetwork.Build((g, z) => [g.Softmax(z)])),
            ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""),
            ("config.json", """{ "id2label": { "0": "ant", "1": "bee", "2": "cat", "3": "dog" } }"""));
        var (status, uploaded) = await administrator.Send(HttpMethod.Put, Version, form);
        Assert.True(status == 201, $"{uploaded}");
        var findings = uploaded.GetProperty("findings");
        Assert.Equal(["found", "changed", "assumed", "needs"], findings.EnumerateObject().Select(list => list.Name));
        Assert.Contains("config.json", findings.GetProperty("found").GetProperty("labels").GetString(), StringComparison.Ordinal);
        Assert.Contains("softmax", findings.GetProperty("found").GetProperty("activation").GetString(), StringComparison.Ordinal);
        Assert.Empty(findings.GetProperty("needs").EnumerateArray());
        Assert.Equal($"{findings}", $"{(await administrator.Service.Get("/models/foreign")).GetProperty("findings")}");
        Assert.False((await administrator.Service.Get("/models/lenet5")).TryGetProperty("findings", out _));
        await AssertAnswers(administrator);
    }

    [Fact]
    public async Task Upload_that_needs_something_is_refused_with_the_line_of_model_json()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var form = Form(
            Bytes(ForeignNetwork.Build((g, z) => [g.Apply("Sigmoid", [z])], classes: 1)),
            ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""));
        (await administrator.Send(HttpMethod.Put, Version, form)).Json.IsProblem(422, "bad_model_file", "\"labels\" in model.json");
        Assert.Empty(Directory.GetFileSystemEntries(repository.Folder));
    }

    [Theory]
    [InlineData("Classes.txt", "classes.txt")]
    [InlineData("Classes.txt", "Classes.txt")]
    [InlineData("My names.TXT", "my names.txt")]
    [InlineData("LABELS.txt", null)]
    public async Task Names_of_uploaded_files_may_have_capitals(string file, string? named)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        var labels = named is null ? "" : $"\"labels\": \"{named}\", ";
        using var form = Form(
            Bytes(ForeignNetwork.Build()),
            ("Model.JSON", $$"""{ {{labels}}"preprocessing": { "crop": [8, 8] } }"""),
            (file, "ant\nbee\ncat\ndog\n"));
        var (status, json) = await administrator.Send(HttpMethod.Put, Version, form);
        Assert.True(status == 201, $"{json}");
        await AssertAnswers(administrator);
    }

    [Theory]
    [InlineData("config.json", """{ "id2label": { "0": "ant", "1": "bee", "3": "dog" } }""", "In config.json, under id2label, ")]
    [InlineData("model.json", """{ "id2label": { "0": "ant", "1": "bee", "3": "dog" } }""", "model.json: In the labels, ")]
    public async Task Number_without_a_name_is_named_with_its_file(string file, string content, string place)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var form = Form(Bytes(ForeignNetwork.Build((g, z) => [g.Softmax(z)])), (file, content));
        (await administrator.Send(HttpMethod.Put, Version, form)).Json.IsProblem(
            422, "bad_model_file", $"{place}there is no name for the number 2; expected the numbers 0 to 3, each with a name");
    }

    [Fact]
    public async Task Tensors_in_another_file_are_uploaded_with_it()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        var (model, data) = External("weights.data");
        using var form = Form(model, ("labels.txt", "ant\nbee\ncat\ndog\n"), ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""));
        form.Add(new ByteArrayContent(data), "beside", "weights.data");
        var (status, json) = await administrator.Send(HttpMethod.Put, Version, form);
        Assert.True(status == 201, $"{json}");
        await AssertAnswers(administrator);
    }

    [Theory]
    [InlineData("../weights.data", "in the same folder")]
    [InlineData("/etc/passwd", "in the same folder")]
    [InlineData("other.data", "cannot be read")]
    public async Task Tensors_in_a_file_of_the_machine_are_refused(string location, string reason)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        var (model, data) = External(location);
        using var form = Form(
            model, ("labels.txt", "ant\nbee\ncat\ndog\n"), ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""));
        form.Add(new ByteArrayContent(data), "beside", "weights.data");
        (await administrator.Send(HttpMethod.Put, Version, form)).Json.IsProblem(422, "bad_model_file", reason);
        Assert.Empty(Directory.GetFileSystemEntries(repository.Folder));
    }

    [Theory]
    [InlineData("../weights.data", "'../weights.data'")]
    [InlineData("a/b.bin", "'a/b.bin'")]
    [InlineData("labels.yaml", "'labels.yaml'")]
    [InlineData("more.txt", "one file too many")]
    public async Task Files_that_no_model_has_beside_it_are_refused(string name, string reason)
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var form = Form(Bytes(ForeignNetwork.Build()), ("names.txt", "ant\nbee\ncat\ndog\n"), (name, "x"));
        (await administrator.Send(HttpMethod.Put, Version, form)).Json.IsProblem(400, "malformed_request", reason);
        Assert.Empty(Directory.GetFileSystemEntries(repository.Folder));
    }

    internal static async Task AssertAnswers(Administrator administrator, string path = "/classify/foreign")
    {
        var (status, answer) = await administrator.Service.Post(path, ForeignNetwork.Image.As(null));
        Assert.True(status == 200, $"{answer}");
        AssertSoftmax(answer);
    }

    internal static void AssertSoftmax(JsonElement answer)
    {
        var expected = ForeignNetwork.Labels.Zip(ProbabilityRule.Softmax(ForeignNetwork.Logits())).OrderByDescending(pair => pair.Second);
        Assert.All(expected.Zip(answer.GetProperty("predictions").EnumerateArray()), pair =>
        {
            Assert.Equal(pair.First.First, pair.Second.GetProperty("label").GetString());
            Assert.Equal(pair.First.Second, pair.Second.GetProperty("probability").GetDouble(), 1e-4);
        });
    }

    internal static byte[] Bytes(Graph graph) => OnnxFile.ToBytes(graph);

    internal static MultipartFormDataContent Form(byte[] model, params (string Name, string Text)[] beside)
    {
        var form = new MultipartFormDataContent { { new ByteArrayContent(model), "model", "foreign.onnx" } };
        foreach (var (name, text) in beside)
        {
            form.Add(new ByteArrayContent(Encoding.UTF8.GetBytes(text)), "beside", name);
        }

        return form;
    }

    // The plain network, with all its weights in another file.
    internal static (byte[] Model, byte[] Data) External(string location)
    {
        var model = ModelProto.Parser.ParseFrom(Bytes(ForeignNetwork.Build()));
        using var data = new MemoryStream();
        foreach (var tensor in model.Graph.Initializer.Where(tensor => tensor.RawData.Length > 0))
        {
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ExternalData.Add(
            [
                new StringStringEntryProto { Key = "location", Value = location },
                new StringStringEntryProto { Key = "offset", Value = $"{data.Length}" },
                new StringStringEntryProto { Key = "length", Value = $"{tensor.RawData.Length}" },
            ]);
            data.Write(tensor.RawData.Span);
            tensor.RawData = ByteString.Empty;
        }

        return (model.ToByteArray(), data.ToArray());
    }
}
