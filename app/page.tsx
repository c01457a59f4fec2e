import { ChatPage } from "./_chat/chat-page.tsx";

export default function Home() {
  return <ChatPage />;
}
