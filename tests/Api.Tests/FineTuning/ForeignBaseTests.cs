using System.Net;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.ModelRepository;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Tests.Adoption;

namespace Fovea.Api.Tests.FineTuning;

[Trait("Needs", "time")]
public sealed class ForeignBaseTests
{
    [Fact]
    public async Task Job_starts_from_a_model_whose_weights_are_in_another_file()
    {
        await using var workshop = await Workshop.Start();
        var (model, data) = ForeignUploadTests.External("weights.data");
        using var form = ForeignUploadTests.Form(
            model, ("labels.txt", "ant\nbee\ncat\ndog\n"), ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""));
        form.Add(new ByteArrayContent(data), "beside", "weights.data");
        await Upload(workshop, form);
        AssertTaught(await Taught(workshop));
    }

    [Fact]
    public async Task Job_takes_the_preprocessing_that_a_file_beside_the_uploaded_model_gives()
    {
        await using var workshop = await Workshop.Start();
        using var form = ForeignUploadTests.Form(
            ForeignUploadTests.Bytes(ForeignNetwork.Build((g, z) => [g.Softmax(z)])),
            ("config.json", """{ "id2label": { "0": "ant", "1": "bee", "2": "cat", "3": "dog" } }"""),
            ("preprocessor_config.json", Preprocessor));
        await Upload(workshop, form);
        AssertPreprocessing(await Taught(workshop));
    }

    [Fact]
    public async Task Job_takes_the_preprocessing_that_files_beside_a_model_of_the_repository_give()
    {
        await using var workshop = await Workshop.Start();
        workshop.Repository.WithFile("foreign/1/preprocessor_config.json", Preprocessor)
            .WithFile("foreign/1/labels.txt", "ant\nbee\ncat\ndog\n");
        OnnxFile.Write(
            ForeignNetwork.Build(input: g => g.Transpose(g.Input("images", ElementType.Float, new Shape(1, 8, 8, 3)), 0, 3, 1, 2)),
            Path.Combine(workshop.Repository.Folder, "foreign", "1", "model.onnx"));
        using var loaded = await workshop.Client.PostAsync("/models/foreign/load", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, loaded.StatusCode);
        AssertPreprocessing(await Taught(workshop));
    }

    [Fact]
    public async Task Job_starts_from_features_which_cannot_be_served()
    {
        await using var workshop = await Workshop.Start();
        workshop.Repository.WithFile("foreign/1/model.json", """{ "preprocessing": { "crop": [8, 8] } }""");
        OnnxFile.Write(Features(), Path.Combine(workshop.Repository.Folder, "foreign", "1", "model.onnx"));
        using var loaded = await workshop.Client.PostAsync("/models/foreign/load", null, TestContext.Current.CancellationToken);
        Assert.Contains("a base", await loaded.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        AssertTaught(await Taught(workshop));
    }

    [Fact]
    public async Task Features_can_be_uploaded_as_a_version_and_then_taught_and_classifying_with_them_says_what_is_missing()
    {
        await using var workshop = await Workshop.Start();
        using var bare = ForeignUploadTests.Form(ForeignUploadTests.Bytes(Features()));
        using var refused = await workshop.Client.PutAsync("/models/foreign/versions/1", bare, TestContext.Current.CancellationToken);
        await refused.IsProblem(422, "bad_model_file", "preprocessing");
        using var form = ForeignUploadTests.Form(
            ForeignUploadTests.Bytes(Features()), ("model.json", """{ "preprocessing": { "crop": [8, 8] } }"""));
        await Upload(workshop, form);
        Assert.Equal("failed", (await workshop.Get("/models/foreign")).GetProperty("state").GetString());
        (await workshop.Service.Post("/classify/foreign", Images.Digit.As(null)))
            .Json.IsProblem(503, "model_unavailable", "a file with features is a base for finetune");
        AssertTaught(await Taught(workshop));
    }

    private static Graph Features()
    {
        var features = ForeignNetwork.Build();
        features.Outputs.Clear();
        features.Outputs.Add(features.Nodes.Single(node => node.Op == "Flatten").Output);
        return features;
    }

    private const string Preprocessor = """
        {
            "do_resize": true, "size": { "height": 8, "width": 8 }, "do_rescale": true, "rescale_factor": 0.00392156862745098,
            "do_normalize": true, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6], "resample": 2
        }
        """;

    private static async Task Upload(Workshop workshop, MultipartFormDataContent form)
    {
        using var uploaded = await workshop.Client.PutAsync("/models/foreign/versions/1", form);
        var answer = await uploaded.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(uploaded.StatusCode == HttpStatusCode.Created, answer);
    }

    private static async Task<Graph> Taught(Workshop workshop)
    {
        var job = await workshop.Create(await workshop.Upload(), suffix: "taught", method: "head", model: "foreign");
        await workshop.Until(job, "succeeded");
        return OnnxFile.Read(Path.Combine(workshop.Repository.Folder, "foreign-taught", "1", "model.onnx"));
    }

    private static void AssertTaught(Graph taught)
    {
        Assert.Equal([1, 2], taught.Outputs[0].Shape.With(0, 1).Dimensions.ToArray());
        Assert.False(taught.Metadata.ContainsKey("fovea.adoption"));
    }

    private static void AssertPreprocessing(Graph taught)
    {
        AssertTaught(taught);
        var steps = ModelMetadata.Read(taught.Metadata).Preprocessing!;
        Assert.Equal(ColorOrder.Rgb, steps.Color);
        Assert.Equal([0.1f, 0.2f, 0.3f], steps.Mean);
        Assert.Equal([0.4f, 0.5f, 0.6f], steps.Std);
    }
}
