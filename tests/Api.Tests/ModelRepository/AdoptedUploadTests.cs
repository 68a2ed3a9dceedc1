using Fovea.Api.Tests.Hosting;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Models.Tests.Adoption;

namespace Fovea.Api.Tests.ModelRepository;

public sealed class AdoptedUploadTests
{
    private const string Version = "/models/foreign/versions/1", Json = """{ "preprocessing": { "crop": [8, 8] } }""";

    private const string Labels = "ant\nbee\ncat\ndog\n";

    [Fact]
    public async Task Original_stays_beside_the_adopted_file_which_needs_nothing_else()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        var original = ForeignUploadTests.Bytes(ChannelsLast());
        using var form = ForeignUploadTests.Form(original, ("model.json", Json), ("labels.txt", Labels));
        var (status, json) = await administrator.Send(HttpMethod.Put, Version, form);
        Assert.True(status == 201, $"{json}");
        Assert.Equal(
            ["labels.txt", "model.json", "model.onnx", "model.original.onnx"],
            Directory.GetFiles(InVersion(repository)).Select(Path.GetFileName).Order());
        Assert.Equal(original, File.ReadAllBytes(InVersion(repository, "model.original.onnx")));
        await ForeignUploadTests.AssertAnswers(administrator);

        var alone = InVersion(repository, "alone.onnx");
        File.Copy(InVersion(repository, "model.onnx"), alone);
        File.Delete(InVersion(repository, "labels.txt"));
        using var model = Classifier.Load(alone);
        Assert.Equal(("input", "logits"), (model.InputName, model.OutputName));
        Assert.Equal(ForeignNetwork.Labels, model.Labels);
    }

    [Fact]
    public async Task Findings_and_the_original_tensors_outlive_the_service()
    {
        using var repository = new Repository();
        string findings, tensors;
        await using (var administrator = await Administrator.Start(repository))
        {
            using var form = ForeignUploadTests.Form(
                ForeignUploadTests.Bytes(ChannelsLast()), ("model.json", Json), ("labels.txt", Labels));
            var (_, json) = await administrator.Send(HttpMethod.Put, Version, form);
            (findings, tensors) = ($"{json.GetProperty("findings")}", $"{await administrator.Service.Get("/v2/models/foreign")}");
            Assert.Contains("NCHW instead of NHWC", findings, StringComparison.Ordinal);
            Assert.Contains(""" "images","datatype":"FP32","shape":[-1,8,8,3] """.Trim(), tensors, StringComparison.Ordinal);
        }

        await using var next = await Administrator.Start(repository);
        Assert.Equal(findings, $"{(await next.Service.Get("/models/foreign")).GetProperty("findings")}");
        Assert.Equal(tensors, $"{await next.Service.Get("/v2/models/foreign")}");
        await ForeignUploadTests.AssertAnswers(next);
    }

    [Fact]
    public async Task Changed_model_json_adopts_the_original_again()
    {
        using var repository = new Repository();
        await using var administrator = await Administrator.Start(repository);
        using var form = ForeignUploadTests.Form(ForeignUploadTests.Bytes(Bytes()), ("model.json", Json), ("labels.txt", Labels));
        Assert.Equal(201, (await administrator.Send(HttpMethod.Put, Version, form)).Status);
        await ForeignUploadTests.AssertAnswers(administrator);
        var adopted = File.ReadAllBytes(InVersion(repository, "model.onnx"));
        File.WriteAllText(
            InVersion(repository, "model.json"), """{ "labels": ["a", "b", "c", "d"], "preprocessing": { "crop": [8, 8] } }""");
        await administrator.Poll(3);
        var (status, answer) = await administrator.Service.Post("/classify/foreign", ForeignNetwork.Image.As(null));
        Assert.True(status == 200, $"{answer}");
        var expected = ProbabilityRule.Softmax(ForeignNetwork.Logits());
        Assert.All(answer.GetProperty("predictions").EnumerateArray(), prediction =>
        {
            int index = prediction.GetProperty("index").GetInt32();
            Assert.Equal($"{(char)('a' + index)}", prediction.GetProperty("label").GetString());
            Assert.Equal(expected[index], prediction.GetProperty("probability").GetDouble(), 1e-4);
        });
        Assert.Equal(adopted, File.ReadAllBytes(InVersion(repository, "model.onnx")));
    }

    [Fact]
    public async Task Adopted_forms_of_files_in_the_repository_lie_in_the_data_folder_and_are_used_again()
    {
        using var repository = new Repository().WithFile("foreign/1/model.json", Json).WithFile("foreign/1/labels.txt", Labels);
        using var data = new Repository();
        OnnxFile.Write(ChannelsLast(), InVersion(repository, "model.onnx"));
        string[] args = [$"--Fovea:Data={data.Folder}"];
        ulong made;
        await using (var administrator = await Administrator.Start(repository, args))
        {
            await ForeignUploadTests.AssertAnswers(administrator);
            made = Entry();
        }

        // Two services share the stored adopted form.
        await using var one = await Administrator.Start(repository, args);
        await using var other = await Administrator.Start(repository, args);
        await ForeignUploadTests.AssertAnswers(one);
        await ForeignUploadTests.AssertAnswers(other);
        Assert.Equal(made, Entry());
        Assert.Equal(
            ["labels.txt", "model.json", "model.onnx"], Directory.GetFiles(InVersion(repository)).Select(Path.GetFileName).Order());

        // A file that is written again has another number in its file system.
        ulong Entry() => FileStamp.Of(Assert.Single(Directory.GetFiles(Path.Combine(data.Folder, "adopted"))))!.Value.Inode;
    }

    private static string InVersion(Repository repository, string file = "") => Path.Combine(repository.Folder, "foreign", "1", file);

    private static Graph ChannelsLast() => ForeignNetwork.Build(input: g =>
        g.Transpose(g.Input("images", ElementType.Float, new Shape(-1, ForeignNetwork.Side, ForeignNetwork.Side, 3)), 0, 3, 1, 2));

    // Pixels of 0 to 255, which the graph divides: model.json names no scale, so its default must not count.
    private static Graph Bytes() => ForeignNetwork.Build(input: g =>
        g.Cast(g.Input("pixels", ElementType.UInt8, new Shape(-1, 3, ForeignNetwork.Side, ForeignNetwork.Side)), ElementType.Float)
        / g.Scalar(255));
}
