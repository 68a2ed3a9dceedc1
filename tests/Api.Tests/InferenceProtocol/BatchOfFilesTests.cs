using System.Diagnostics.Metrics;
using Fovea.Api.Classification;
using Fovea.Api.Configuration;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Scheduling;
using Fovea.Models.Runtime;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Api.Tests.InferenceProtocol;

public sealed class BatchOfFilesTests
{
    // The batch size of a model that is not tuned yet.
    private const int Files = 4;

    [Fact]
    public async Task Several_files_of_one_request_form_one_batch()
    {
        using var repository = new Repository().With("lenet5", 1);
        using var services = new ServiceCollection().AddMetrics().AddSingleton(Device.Cpu).AddSingleton<Metrics>().BuildServiceProvider();
        var metrics = services.GetRequiredService<Metrics>();
        var model = Classifier.Load(Path.Combine(repository.Folder, "lenet5", "1", "model.onnx"));
        using var served = new ServedModel("lenet5", 1, model, places: 64, metrics, new RequestsInFlight());
        var settings = new ServingSettings();
        var requests = new InferenceRequests(
            new(), new ImageClassifier(new Settings(), settings, new DecodingBudget(settings), metrics), bodies: null!, metrics);
        var runs = new List<int>();
        using var listener = BatchSizes.Listen(services.GetRequiredService<IMeterFactory>(), runs);
        var images = new InferImages(null, [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(Images.Digit, Files)], Files);
        var logits = await requests.Run(new InferAnswer(served, null), images, TestContext.Current.CancellationToken);
        Assert.Equal([Files], runs);
        Assert.Equal(Files, logits.Count);
        Assert.All(logits, one => Assert.Equal(logits[0], one));
    }
}
