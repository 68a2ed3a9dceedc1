// Uses the service through the client that NSwag has generated: ADDRESS KEY ARCHIVE IMAGE.

using System.Net.Http.Headers;
using Fovea.Generated;

var (address, key, archive, image) = (args[0], args[1], args[2], File.ReadAllBytes(args[3]));
using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
var client = new FoveaClient(address, http);

Expect((await client.CheckReadyAsync()).Status == "ready", "The service is not ready.");
Expect((await client.ListModelsAsync()).Any(model => model.Name == "lenet5"), "The list of models lacks lenet5.");
Expect((await client.GetLinksAsync()).Links.ContainsKey("classify"), "The links lack classify.");
Expect((await client.GetModelSummaryAsync("lenet5", expand: false)).Layers.Count > 5, "The summary of lenet5 has few layers.");
Expect((await client.GetArchitectureAsync(ArchitectureName.Vgg16)).Classes == 1000, "VGG-16 has not 1000 classes.");
Expect((await client.ListPretrainedBasesAsync()).Any(known => known.State == BaseState.BuiltIn), "No base is built in.");

// One image, several images, an explanation, tensors.
var body = new EncodedImage { Image = image };
var answer = await client.ClassifyImageAsync("lenet5", top: 3, threshold: null, body);
Expect(answer.Predictions.Count == 3, $"The answer has {answer.Predictions.Count} predictions.");
var answers = (await client.ClassifyImagesAsync("lenet5", 1, null, [File_(image, "a.png"), File_([1, 2, 3], "b.png")])).ToArray();
Expect(answers[0].Predictions.First().Index == answer.Predictions.First().Index, "The list has another answer.");
Expect(answers[0].Code is null && answers[1].Code == ProblemCode.Not_an_image, $"The bad image has the code {answers[1].Code}.");
var map = await client.ExplainImageAsync("lenet5", @class: null, ExplanationMethod.GradCam, version: null, body);
Expect(map.Values.Count == map.Height && map.Values.First().Count == map.Width, "The map has another size than it says.");
var inferred = await client.InferWithModelAsync("lenet5", new InferenceRequest
{
    Inputs = [new InferenceInput { Name = "input", Datatype = "BYTES", Shape = [1], Data = [Convert.ToBase64String(image)] }],
    Outputs = [new InferenceWantedOutput { Name = "logits", Parameters = new InferenceParameters { ["classification"] = 1 } }],
});
Expect($"{inferred.Outputs.Single().Data.Single()}".Contains($":{answer.Predictions.First().Index}:"), "The protocol has another answer.");

// Errors are exceptions with problem documents.
var missing = await Refusal(() => client.ClassifyImageAsync("nobody", null, null, body));
Expect((missing.StatusCode, missing.Result.Code) == (404, ProblemCode.Unknown_model), $"{missing.StatusCode} {missing.Result.Code}");
using var stranger = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", "wrong") } };
var unauthorized = await Refusal(() => new FoveaClient(address, stranger).ListDatasetsAsync(null, null));
Expect(unauthorized.Result.Code == ProblemCode.Unauthorized, $"A wrong key has the code {unauthorized.Result.Code}.");

// A data set, and a job on it.
using var zip = File.OpenRead(archive);
var dataset = await client.CreateDatasetAsync(from: null, name: "shapes", zip);
Expect(dataset.Name == "shapes" && dataset.Classes.Count == 2, "The data set is another one.");
var page = await client.ListDatasetImagesAsync(dataset.Id, "ring", null, limit: 5, part: null);
Expect(page.Data.Count == 5, "The page of images has not 5.");
var job = await client.CreateFineTuningJobAsync(new JobRequest
{
    Model = "lenet5",
    Dataset = dataset.Id,
    Suffix = "nswag",
    Method = JobRequestMethod.Full,
    Hyperparameters = new JobRequestHyperparameters { N_epochs = 2 },
    Metadata = new Dictionary<string, string> { ["by"] = "nswag" },
});
Expect(job.Hyperparameters.N_epochs == "2" && job.Metadata["by"] == "nswag", "The job has other settings than the request.");
while (job.Status is not (JobStatus.Succeeded or JobStatus.Failed or JobStatus.Cancelled))
{
    await Task.Delay(200);
    job = await client.GetFineTuningJobAsync(job.Id);
}

Expect(job.Status == JobStatus.Succeeded, $"The job is {job.Status}: {job.Error?.Message}");
var events = await client.ListFineTuningEventsAsync(job.Id, null, limit: 100);
Expect(events.Data.Any(e => e.Data?.Valid_accuracy is not null), "No event has a validation accuracy.");
var checkpoints = await client.ListFineTuningCheckpointsAsync(job.Id, null, null);
Expect(checkpoints.Data.All(checkpoint => checkpoint.Fine_tuning_job_id == job.Id), "A checkpoint is that of another job.");
var report = await client.GetFineTuningReportAsync(job.Id);
Expect(report.Images > 0 && report.Evaluation.Confusion.Count == 2 && report.Epochs.Count == 2, "The report is another one.");
Expect(report.Provenance.Settings.Epochs is not null, "The report has no settings.");
var trained = await client.ClassifyImageAsync(job.Fine_tuned_model, null, null, body);
Expect(trained.Predictions.All(prediction => prediction.Label is "ring" or "cross"), "The trained model has other classes.");
await client.DeleteDatasetAsync(dataset.Id);
Console.WriteLine("done");

static FileParameter File_(byte[] bytes, string name) => new(new MemoryStream(bytes), name, "image/png");

static async Task<ApiException<Problem>> Refusal<T>(Func<Task<T>> call)
{
    try
    {
        await call();
    }
    catch (ApiException<Problem> e)
    {
        return e;
    }

    throw new InvalidOperationException("The request was answered; expected an error.");
}

static void Expect(bool isSo, string otherwise)
{
    if (!isSo)
    {
        throw new InvalidOperationException(otherwise);
    }
}
