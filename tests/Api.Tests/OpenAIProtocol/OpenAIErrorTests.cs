using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Fovea.Api.Tests.DatasetRepository;
using Fovea.Api.Tests.Hosting;
using OpenAI.Files;

namespace Fovea.Api.Tests.OpenAIProtocol;

public sealed class OpenAIErrorTests(SharedService shared)
{
    private const string Key = Administrator.Key;

    public static TheoryData<string, string> BadJobs => new()
    {
        { """{"training_file": "FILE", "validation_file": "FILE"}""", "validation_file is" },
        { """{"training_file": "FILE", "integrations": [{"type": "wandb"}]}""", "integrations is" },
        { """{"training_file": "FILE", "method": {"type": "dpo"}}""", "method.type is \"dpo\"; expected supervised" },
        { """{"training_file": "FILE", "method": {"type": 5}}""", "method.type is 5; expected supervised" },
        {
            """{"training_file": "FILE", "hyperparameters": {"learning_rate_multiplier": 2}}""",
            "learning_rate_multiplier is 2; expected auto"
        },
        { """{"training_file": "FILE", "hyperparameters": {"n_epochs": 0}}""", "hyperparameters.n_epochs is 0" },
        {
            """{"training_file": "FILE", "hyperparameters": {}, "method": {"type": "supervised", "supervised": {"hyperparameters": {}}}}""",
            "hyperparameters in two places"
        },
        { """{"training_file": "FILE", "n_epochs": 3}""", "The body has a field n_epochs" },
        { """["FILE"]""", "The body is [" },
        { """{"model": "lenet5"}""", "training_file" },
    };

    [Fact]
    public async Task Wrong_model_file_and_key_become_the_clients_own_exceptions_with_our_sentences()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var datasets = await DatasetService.Start(new Repository().With("lenet5", 1));
        var service = datasets.Client.BaseAddress!;
        var clients = new OpenAIClients(service, Key);
        var stranger = new OpenAIClients(service, "wrong");
        var zip = BinaryData.FromBytes(Archives.Zip(Archives.AntsAndBees(5)));
        var file = (await clients.Files.UploadFileAsync(zip, "insects.zip", FileUploadPurpose.FineTune)).Value.Id;

        await OpenAIClients.Refuses(404, "There is no model none", () => clients.Models.GetModelAsync("none", stop));
        await OpenAIClients.Refuses(
            404, "There is no model none", () => clients.Jobs.FineTuneAsync("none", file, false, cancellationToken: stop));
        await OpenAIClients.Refuses(
            404, "There is no data set file-1", () => clients.Jobs.FineTuneAsync("lenet5", "file-1", false, cancellationToken: stop));
        await OpenAIClients.Refuses(404, "There is no data set file-1", () => clients.Files.GetFileAsync("file-1", stop));
        await OpenAIClients.Refuses(404, "There is no fine-tuning job ftjob-1", () => clients.Jobs.GetJobAsync("ftjob-1", stop));
        await OpenAIClients.Refuses(
            404, "There is no fine-tuning job ftjob-1", () => clients.Files.DownloadFileAsync("report-ftjob-1", stop));
        await OpenAIClients.Refuses(403, "lenet5 was not made by a fine-tuning job", () => clients.Models.DeleteModelAsync("lenet5", stop));
        await OpenAIClients.Refuses(
            400, "purpose is vision; expected", () => clients.Files.UploadFileAsync(zip, "insects.zip", FileUploadPurpose.Vision));
        await OpenAIClients.Refuses(
            400,
            "zip",
            () => clients.Files.UploadFileAsync(BinaryData.FromString("no zip"), "insects.zip", FileUploadPurpose.FineTune));
        await OpenAIClients.Refuses(401, "an unknown one; expected the header Authorization", () => stranger.Models.GetModelsAsync(stop));
        await OpenAIClients.Refuses(
            401, "invalid_api_key", () => stranger.Files.UploadFileAsync(zip, "insects.zip", FileUploadPurpose.FineTune));
        Assert.Single((await clients.Files.GetFilesAsync(stop)).Value);
    }

    [Fact]
    public async Task Errors_have_OpenAIs_form()
    {
        await using var datasets = await DatasetService.Start(new Repository().With("lenet5", 1));
        var client = datasets.Client;
        var stop = TestContext.Current.CancellationToken;
        using var zip = new MultipartFormDataContent
        {
            { new StringContent("fine-tune"), "purpose" },
            { new ByteArrayContent(Archives.Zip(Archives.AntsAndBees(5))), "file", "insects" },
        };
        using var uploaded = await client.PostAsync("/v1/files", zip, stop);
        var file = await uploaded.Content.ReadFromJsonAsync<JsonElement>(stop);
        Assert.Equal("insects.zip", file.GetProperty("filename").GetString());
        foreach (var (body, named) in BadJobs.Select(row => row.Data))
        {
            using var answer = await client.PostAsync(
                "/v1/fine_tuning/jobs",
                new StringContent(
                    body.Replace("FILE", file.GetProperty("id").GetString(), StringComparison.Ordinal), Encoding.UTF8, "application/json"),
                stop);
            var error = await Error(answer, 400);
            Assert.Contains(named, error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Equal(
                ("invalid_request_error", "malformed_request", JsonValueKind.Null),
                (error.GetProperty("type").GetString(), error.GetProperty("code").GetString(), error.GetProperty("param").ValueKind));
        }

        using var noModel = await client.GetAsync("/v1/models/none", stop);
        var unknown = await Error(noModel, 404);
        Assert.Equal(
            ("model_not_found", "model"), (unknown.GetProperty("code").GetString(), unknown.GetProperty("param").GetString()));
        using var noRoute = await client.PostAsync("/v1/chat/completions", null, stop);
        var routeless = (await Error(noRoute, 404)).GetProperty("message").GetString();
        Assert.Contains("There is no route /v1/chat/completions", routeless, StringComparison.Ordinal);
        using var noForm = await client.PostAsync("/v1/files", Archives.Content(Archives.Zip()), stop);
        Assert.Contains(
            "declared as application/zip; expected a form",
            (await Error(noForm, 400)).GetProperty("message").GetString(),
            StringComparison.Ordinal);
        Assert.Equal("[]", $"{(await datasets.Administrator.Service.Get("/v1/fine_tuning/jobs")).GetProperty("data")}");
    }

    [Fact]
    public async Task Downloaded_file_is_the_same_data_set_when_it_is_uploaded_again()
    {
        await using var datasets = await DatasetService.Start();
        var clients = new OpenAIClients(datasets.Client.BaseAddress!, Key);
        var zip = BinaryData.FromBytes(Archives.Zip(Archives.AntsAndBees(10)));
        List<string> hashes = [];
        for (int i = 0; i < 2; i++)
        {
            var file = (await clients.Files.UploadFileAsync(zip, $"{i}.zip", FileUploadPurpose.FineTune)).Value;
            hashes.Add((await datasets.Administrator.Service.Get($"/datasets/{file.Id}")).GetProperty("hash").GetString()!);
            zip = (await clients.Files.DownloadFileAsync(file.Id, TestContext.Current.CancellationToken)).Value;
        }

        Assert.Equal(hashes[0], hashes[1]);
        Assert.Equal(
            ["0.zip", "1.zip"],
            (await clients.Files.GetFilesAsync(TestContext.Current.CancellationToken)).Value.Select(file => file.Filename).Order());
    }

    [Fact]
    public async Task Any_key_is_taken_where_none_is_configured()
    {
        var clients = new OpenAIClients(shared.Running.Client.BaseAddress!, "sk-anything");
        var models = (await clients.Models.GetModelsAsync(TestContext.Current.CancellationToken)).Value.Select(model => model.Id).ToArray();
        Assert.Equal(["lenet5", "resnet18-mlnet"], models);
        using var repository = new Repository();
        using var data = new TemporaryFolder();
        await using var service = await TestService.StartReady(
            repository, null, "--environment=Development", $"--Fovea:Data={data.Path}");
        var developer = new OpenAIClients(service.Client.BaseAddress!, "sk-anything");
        Assert.Empty((await developer.Files.GetFilesAsync(TestContext.Current.CancellationToken)).Value);
    }

    private static async Task<JsonElement> Error(HttpResponseMessage answer, int status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((HttpStatusCode)status == answer.StatusCode, text);
        Assert.Equal(MediaTypeHeaderValue.Parse("application/json; charset=utf-8"), answer.Content.Headers.ContentType);
        var document = JsonDocument.Parse(text).RootElement;
        Assert.Equal(["error"], document.EnumerateObject().Select(field => field.Name));
        return document.GetProperty("error");
    }
}
