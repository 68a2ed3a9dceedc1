// Uses the service through the client that Kiota has generated: ADDRESS KEY ARCHIVE IMAGE.

using System.Net.Http.Headers;
using Fovea.Generated;
using Fovea.Generated.Models;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Abstractions.Serialization;
using Microsoft.Kiota.Http.HttpClientLibrary;

var (address, key, archive, image) = (args[0], args[1], args[2], File.ReadAllBytes(args[3]));
var client = Client(key);

Expect((await client.Health.Ready.GetAsync())!.Status == "ready", "The service is not ready.");
Expect((await client.Models.GetAsync())!.Any(model => model.Name == "lenet5"), "The list of models lacks lenet5.");
Expect((await client.GetAsync())!.Links!.AdditionalData.ContainsKey("classify"), "The links lack classify.");
Expect((await client.Models["lenet5"].Summary.GetAsync())!.Layers!.Count > 5, "The summary of lenet5 has few layers.");
Expect((await client.Architectures["vgg16"].GetAsync())!.Classes == 1000, "VGG-16 has not 1000 classes.");
Expect((await client.Pretrained.GetAsync())!.Any(known => known.State == BaseState.BuiltIn), "No base is built in.");

// One image, several images, an explanation, tensors.
var body = new EncodedImage { Image = image };
var answer = (await client.Classify["lenet5"].PostAsync(body, request => request.QueryParameters.Top = 3))!;
Expect(answer.Predictions!.Count == 3, $"The answer has {answer.Predictions.Count} predictions.");
var form = new MultipartBody();
form.AddOrReplacePart("a", "image/png", image, "a.png");
form.AddOrReplacePart("b", "image/png", new byte[] { 1, 2, 3 }, "b.png");
var answers = (await client.Classify["lenet5"].Images.PostAsync(form))!;
Expect(answers[0].Predictions![0].Index == answer.Predictions[0].Index, "The list has another answer.");
Expect(answers[0].Code is null && answers[1].Code == ProblemCode.Not_an_image, $"The bad image has the code {answers[1].Code}.");
var map = (await client.Explain["lenet5"].PostAsync(
    body, request => request.QueryParameters.MethodAsExplanationMethod = ExplanationMethod.GradCam))!;
Expect(map.Height > 0 && map.Width > 0 && map.Region!.Count == 4, "The map has no size.");
var inferred = (await client.V2.Models["lenet5"].Infer.PostAsync(new InferenceRequest
{
    Inputs =
    [
        new InferenceInput
        {
            Name = "input",
            Datatype = "BYTES",
            Shape = [1],
            Data = new UntypedArray([new UntypedString(Convert.ToBase64String(image))]),
        },
    ],
    Outputs =
    [
        new InferenceWantedOutput
        {
            Name = "logits",
            Parameters = new InferenceParameters { AdditionalData = new Dictionary<string, object> { ["classification"] = 1 } },
        },
    ],
}))!;
var best = ((UntypedString)((UntypedArray)inferred.Outputs![0].Data!).GetValue().Single()).GetValue();
Expect(best!.Contains($":{answer.Predictions[0].Index}:"), "The protocol has another answer.");

// Errors are exceptions with problem documents, whose sentence is the message.
var missing = await Refusal(() => client.Classify["nobody"].PostAsync(body));
Expect((missing.ResponseStatusCode, missing.Code) == (404, ProblemCode.Unknown_model), $"{missing.ResponseStatusCode} {missing.Code}");
Expect(missing.Message.StartsWith("There is no model nobody"), $"The message is: {missing.Message}");
var unauthorized = await Refusal(() => Client("wrong").Datasets.GetAsync());
Expect(unauthorized.Code == ProblemCode.Unauthorized, $"A wrong key has the code {unauthorized.Code}.");

// A data set, and a job on it.
using var zip = File.OpenRead(archive);
var dataset = (await client.Datasets.PostAsync(zip, request => request.QueryParameters.Name = "shapes"))!;
Expect(dataset.Name == "shapes" && dataset.Classes!.Count == 2, "The data set is another one.");
var page = (await client.Datasets[dataset.Id!].Images.GetAsync(request =>
    (request.QueryParameters.Class, request.QueryParameters.Limit) = ("ring", 5)))!;
Expect(page.Data!.Count == 5, $"The page of images has {page.Data.Count}.");
var job = (await client.Fine_tuning.Jobs.PostAsync(new JobRequest
{
    Model = "lenet5",
    Dataset = dataset.Id,
    Suffix = "kiota",
    Method = JobRequest_method.Full,
    Hyperparameters = new JobRequestHyperparameters { NEpochs = new() { Integer = 2 }, BatchSize = new() { String = "auto" } },
    Metadata = new JobRequest_metadata { AdditionalData = new Dictionary<string, object> { ["by"] = "kiota" } },
}))!;
Expect(job.Hyperparameters!.NEpochs!.Integer == 2, "The job has another number of epochs than the request.");
Expect(job.Hyperparameters.BatchSize!.String == "auto", "The job has another batch size than the request.");
while (job.Status is not (JobStatus.Succeeded or JobStatus.Failed or JobStatus.Cancelled))
{
    await Task.Delay(200);
    job = (await client.Fine_tuning.Jobs[job.Id!].GetAsync())!;
}

Expect(job.Status == JobStatus.Succeeded, $"The job is {job.Status}: {job.Error?.Message}");
var events = (await client.Fine_tuning.Jobs[job.Id!].Events.GetAsync(request => request.QueryParameters.Limit = 100))!;
Expect(events.Data!.Any(e => e.Data?.ValidAccuracy is not null), "No event has a validation accuracy.");
var checkpoints = (await client.Fine_tuning.Jobs[job.Id!].Checkpoints.GetAsync())!;
Expect(checkpoints.Data!.All(checkpoint => checkpoint.FineTuningJobId == job.Id), "A checkpoint is that of another job.");
var report = (await client.Fine_tuning.Jobs[job.Id!].Report.GetAsync())!;
Expect(report.Images > 0 && report.Evaluation!.Classes!.Count == 2 && report.Epochs!.Count == 2, "The report is another one.");
Expect(report.Provenance!.Settings!.Epochs is not null, "The report has no settings.");
var trained = (await client.Classify[job.FineTunedModel!].PostAsync(body))!;
Expect(trained.Predictions!.All(prediction => prediction.Label is "ring" or "cross"), "The trained model has other classes.");
await client.Datasets[dataset.Id!].DeleteAsync();
Console.WriteLine("done");

// Kiota's own provider of keys refuses addresses without TLS.
FoveaClient Client(string secret)
{
    var http = KiotaClientFactory.Create();
    http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
    return new(new HttpClientRequestAdapter(new AnonymousAuthenticationProvider(), httpClient: http) { BaseUrl = address.TrimEnd('/') });
}

static async Task<Problem> Refusal<T>(Func<Task<T>> call)
{
    try
    {
        await call();
    }
    catch (Problem e)
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
